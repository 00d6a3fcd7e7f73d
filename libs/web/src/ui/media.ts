/** Whether a media query holds at this moment; false where there is no screen. */
export function matches(query: string): boolean {
  return globalThis.matchMedia?.(query).matches ?? false;
}

/** A mouse or the like: focusing a field will not push a keyboard over half of the page. */
export const FINE_POINTER = "(pointer: fine)";
export const WIDE = "(min-width: 640px)";
