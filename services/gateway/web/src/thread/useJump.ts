import type { Row } from "@tokenline/client";
import { say } from "@tokenline/client/ui";
import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "wouter";
import { chat } from "../state/chat";

const SHOWN_MS = 2_500;

interface Jump {
  rows: Row[];
  conversationId: string | null;
  older: string | null;
  /** Brings the row to the top of the screen. */
  to: (index: number) => void;
}

/**
 * To the message that the address asks for (`?m=…`), once: reads on until it is there, and looks on its branch if it is
 * not on the one that is shown. Returns the key of the row to mark for a moment.
 */
export function useJump({ rows, conversationId, older, to }: Jump): string | null {
  const [params, setParams] = useSearchParams();
  const wanted = params.get("m");
  const [marked, setMarked] = useState<string | null>(null);
  const tried = useRef("");

  useEffect(() => {
    if (!wanted || !conversationId) return;
    const index = rows.findIndex((row) => row.question?.id === wanted || row.answer?.id === wanted);
    if (index >= 0) {
      to(index);
      setMarked(rows[index]!.key);
      setParams(without, { replace: true });
      return;
    }
    // Each page, and the other branch, is asked for once.
    const next = older ?? `branch of ${wanted}`;
    if (rows.length === 0 || tried.current === next) return;
    tried.current = next;
    const reading = older ? chat().readOlder(conversationId) : chat().switchTo(conversationId, wanted);
    reading.catch(say);
  }, [wanted, conversationId, rows, older, to, setParams]);

  useEffect(() => {
    if (!marked) return;
    const timer = setTimeout(() => setMarked(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [marked]);
  return marked;
}

function without(params: URLSearchParams): URLSearchParams {
  params.delete("m");
  return params;
}
