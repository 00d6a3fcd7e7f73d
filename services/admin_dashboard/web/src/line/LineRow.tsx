import type { LineItem } from "@tokenline/client";
import { clock, etaText } from "@tokenline/client/ui";
import { memo } from "react";
import { GRID, ROW_PX } from "./columns";
import { reasonText } from "./reasons";
import { RowMenu } from "./RowMenu";
import { StateBadge } from "./StateBadge";

interface Props {
  item: LineItem;
  index: number;
  top: number;
  /** ms; the age goes on between two readings. */
  now: number;
  onUser: (user: string) => void;
}

export const LineRow = memo(function LineRow({ item, index, top, now, onUser }: Props) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={`${GRID} absolute inset-x-0 border-b border-line/60 bg-raised text-[13px] tabular-nums contain-strict hover:bg-panel`}
      style={{ height: ROW_PX, transform: `translateY(${top}px)` }}
    >
      <span role="cell" className="font-semibold">
        {item.state === "queued" && item.position !== null ? item.position.toLocaleString("en") : "–"}
      </span>
      <span role="cell" className="truncate">
        <button type="button" className="max-w-full truncate hover:text-accent hover:underline" onClick={() => onUser(item.user)}>
          {item.user}
        </button>
      </span>
      <span role="cell" className="truncate text-ink-soft">
        {item.agent}
      </span>
      <span role="cell" className="truncate text-ink-soft">
        {item.pool}
      </span>
      <span role="cell" className="text-ink-soft">
        {item.priority}
      </span>
      <span role="cell">
        <StateBadge state={item.state} />
      </span>
      <span role="cell" className="truncate text-ink-faint" title={item.reason ?? undefined}>
        {reasonText(item.reason)}
      </span>
      <span role="cell" className="text-right text-ink-soft">
        {clock(Math.max(item.age_s, now / 1000 - item.created_at))}
      </span>
      <span role="cell" className="truncate text-right text-ink-soft">
        {etaText(item.eta) ?? "–"}
      </span>
      <span role="cell" className="sticky right-2 bg-inherit">
        <RowMenu item={item} />
      </span>
    </div>
  );
});
