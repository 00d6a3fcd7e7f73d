import type { KeyboardEvent } from "react";

/** Enter, and not the one that ends the composition of a character. Shift and Enter is a new line. */
export function submits({ key, shiftKey, nativeEvent }: KeyboardEvent): boolean {
  return key === "Enter" && !shiftKey && !nativeEvent.isComposing;
}
