export const COMPOSER_ID = "composer";

/** Where the keyboard goes when what had the focus is gone. */
export function focusComposer(): void {
  document.getElementById(COMPOSER_ID)?.focus();
}
