import { FINE_POINTER, matches } from "@tokenline/client/ui";

export const COMPOSER_ID = "composer";

/** Where the keyboard goes when what had the focus is gone; not where that would open one on the screen. */
export function focusComposer(): void {
  if (matches(FINE_POINTER)) document.getElementById(COMPOSER_ID)?.focus();
}
