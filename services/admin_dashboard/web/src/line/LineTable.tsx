import { messageOf } from "@tokenline/client";
import { Notice, Spinner, useNow } from "@tokenline/client/ui";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { COLUMNS, GRID, ROW_PX } from "./columns";
import { LineRow } from "./LineRow";
import type { Line } from "./useLine";

const READ_AHEAD = 60;

/** Only the rows on the screen exist, so that ten thousand scroll like ten. */
export function LineTable({ line, onUser }: { line: Line; onUser: (user: string) => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const now = useNow(1000);
  const rows = useVirtualizer({
    count: line.items.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => line.items[index]!.ticket_id,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const drawn = rows.getVirtualItems();
  const last = drawn.at(-1)?.index ?? 0;
  const { more, readMore } = line;
  useEffect(() => {
    if (more && last >= line.items.length - READ_AHEAD) readMore();
  }, [last, line.items.length, more, readMore]);

  return (
    <div
      ref={scroller}
      role="table"
      aria-label="The line"
      aria-rowcount={line.total ?? line.items.length}
      tabIndex={0}
      className="max-h-[min(640px,70vh)] min-h-[min(356px,50vh)] overflow-auto rounded-b-2xl border-t border-line bg-raised outline-none"
    >
      <div role="row" className={`${GRID} sticky top-0 z-10 h-9 border-b border-line bg-raised text-xs font-medium text-ink-faint`}>
        {COLUMNS.map((name) => (
          <span key={name} role="columnheader" className={name === "Age" || name === "Wait" ? "text-right" : undefined}>
            {name}
          </span>
        ))}
        <span role="columnheader" className="sr-only">
          Actions
        </span>
      </div>
      {line.items.length === 0 && <Nothing line={line} />}
      <div className="relative min-w-[900px]" style={{ height: rows.getTotalSize() }}>
        {drawn.map(({ index, key, start }) => (
          <LineRow key={key} item={line.items[index]!} index={index} top={start} now={now} onUser={onUser} />
        ))}
      </div>
    </div>
  );
}

function Nothing({ line }: { line: Line }) {
  return (
    <div className="sticky left-0 grid h-56 place-items-center p-6 text-[13px] text-ink-faint">
      {line.state === "loading" && <Spinner className="size-5" />}
      {line.state === "ready" && <p>Nobody is waiting.</p>}
      {line.state === "error" && (
        <Notice tone="bad" action="Retry" onAction={line.retry}>
          {messageOf(line.error)}
        </Notice>
      )}
    </div>
  );
}
