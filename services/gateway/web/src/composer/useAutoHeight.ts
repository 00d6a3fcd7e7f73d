import { type RefObject, useLayoutEffect } from "react";

/** Lets a text area be as high as its text; its `max-height` bounds it. */
export function useAutoHeight(area: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = "0";
    element.style.height = `${element.scrollHeight}px`;
  }, [area, text]);
}
