import type { ThreadMessage } from "@tokenline/client";
import { type RefObject, useEffect, useState } from "react";
import { chat } from "../state/chat";
import { useLookedAt } from "../state/focus";

/** Marks an answer as read, on all devices, once it is on the screen of a tab that somebody looks at. */
export function useReading(element: RefObject<HTMLElement | null>, answer: ThreadMessage | null): void {
  const looked = useLookedAt();
  const seen = useOnScreen(element);
  const conversationId = answer?.conversation_id;
  const seq = answer?.seq;
  useEffect(() => {
    if (looked && seen && conversationId && seq) chat().markRead(conversationId, seq);
  }, [looked, seen, conversationId, seq]);
}

function useOnScreen(element: RefObject<HTMLElement | null>): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver((entries) => setSeen(entries.at(-1)?.isIntersecting ?? false));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return seen;
}
