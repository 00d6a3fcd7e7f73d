import type { Row } from "@tokenline/client";
import { cx, IconButton, say } from "@tokenline/client/ui";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useCallback, useLayoutEffect, useRef, useState } from "react";
import { chat } from "../state/chat";
import { Exchange } from "./Exchange";
import { useJump } from "./useJump";

interface Props {
  rows: Row[];
  conversationId: string | null;
  older: string | null;
}

const NEAR_END = 120;
const NEAR_START = 400;

/**
 * Only what is near the screen is drawn. The list follows new text while the reader is at its end, and stays where
 * the reader is otherwise; older pages come in above without a jump.
 */
export function MessageList({ rows, conversationId, older }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const reading = useRef(false);
  const following = useRef(true);
  const lastTop = useRef(0);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 240,
    getItemKey: (index) => rows[index]!.key,
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: NEAR_END,
    overscan: 4,
    paddingStart: 24,
    paddingEnd: 24,
  });

  // Rows near the end may grow by more than the threshold at once when they are first formatted.
  const height = list.getTotalSize();
  useLayoutEffect(() => {
    if (following.current) list.scrollToEnd();
  }, [list, height]);

  const marked = useJump({
    rows,
    conversationId,
    older,
    to: useCallback(
      (index: number) => {
        following.current = false;
        list.scrollToIndex(index, { align: "start" });
      },
      [list],
    ),
  });

  function scrolled() {
    const end = list.isAtEnd(NEAR_END);
    const top = scroller.current?.scrollTop ?? 0;
    if (end) following.current = true;
    else if (top < lastTop.current) following.current = false;
    lastTop.current = top;
    setAtEnd(end);
    if (!conversationId || !older || reading.current || top > NEAR_START) return;
    reading.current = true;
    chat()
      .readOlder(conversationId)
      .catch(say)
      .finally(() => {
        reading.current = false;
      });
  }

  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroller}
        onScroll={scrolled}
        role="log"
        aria-label="Messages"
        aria-live="off"
        tabIndex={0}
        className="h-full overflow-y-auto overscroll-contain outline-none [overflow-anchor:none]"
      >
        <div className="relative mx-auto max-w-[776px]" style={{ height }}>
          {list.getVirtualItems().map((item) => (
            <div
              key={item.key}
              ref={list.measureElement}
              data-index={item.index}
              className={cx(
                "absolute inset-x-0 top-0 px-4 pb-8 transition-colors duration-700 md:px-6",
                item.key === marked && "rounded-2xl bg-accent-soft/60",
              )}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <Exchange {...rows[item.index]!} />
            </div>
          ))}
        </div>
      </div>
      {!atEnd && (
        <IconButton
          label="To the newest message"
          onClick={() => list.scrollToEnd({ behavior: "smooth" })}
          className="absolute bottom-3 left-1/2 -translate-x-1/2 animate-rise rounded-full border border-line bg-raised shadow-soft"
        >
          <ArrowDown aria-hidden />
        </IconButton>
      )}
    </div>
  );
}
