import type { PoolCard as Card } from "@tokenline/client";
import { cx, duration, etaText, plural } from "@tokenline/client/ui";
import { PauseButton } from "./PauseButton";
import { PriorityBar } from "./PriorityBar";
import { Slots } from "./Slots";
import { Stat } from "./Stat";

interface Props {
  card: Card;
  chosen: boolean;
  /** Filters the line by this pool, or no longer. */
  onChoose: () => void;
}

export function PoolCard({ card, chosen, onChoose }: Props) {
  const idle = card.workers === 0;
  return (
    <article
      className={cx(
        "h-full rounded-2xl border bg-raised px-5 py-4 transition-colors",
        chosen ? "border-accent" : card.paused ? "border-warn/40" : "border-line hover:border-line-strong",
      )}
    >
      <header className="-my-1 -mr-2 flex items-center gap-2">
        <h3 className="min-w-0 flex-1 truncate text-sm font-semibold">
          <button type="button" aria-pressed={chosen} title="Show only this pool in the line" onClick={onChoose}>
            {card.pool}
          </button>
        </h3>
        {card.paused && (
          <span className="rounded-full bg-warn-soft px-2 py-0.5 text-xs font-medium text-warn">Paused</span>
        )}
        <span className={cx("text-xs whitespace-nowrap", idle ? "font-medium text-bad" : "text-ink-faint")}>
          {idle ? "No worker" : plural(card.workers, "worker")}
        </span>
        <PauseButton pool={card.pool} paused={card.paused} />
      </header>
      <div className="mt-2 flex items-end justify-between gap-4">
        <p className="flex items-baseline gap-2">
          <span className="text-[40px] leading-none font-semibold tracking-[-0.035em] tabular-nums">
            {card.waiting.toLocaleString("en")}
          </span>
          <span className="text-sm text-ink-faint">waiting</span>
        </p>
        <p className="text-right text-sm leading-tight">
          <span className="block text-xs text-ink-faint">Wait from here</span>
          <span className="font-semibold text-accent tabular-nums">{etaText(card.eta) ?? "–"}</span>
        </p>
      </div>
      <PriorityBar depths={card.depth_by_priority} />
      <Slots running={card.running} slots={card.slots} paused={card.paused} />
      <dl className="mt-3 grid grid-cols-3 gap-x-4 gap-y-2 border-t border-line pt-3">
        <Stat name="Wait p50" value={seconds(card.wait_p50_s)} />
        <Stat name="Wait p95" value={seconds(card.wait_p95_s)} />
        <Stat name="Oldest" value={seconds(card.oldest_age_s)} />
        <Stat name="In / min" value={card.arrivals_per_min.toFixed(1)} />
        <Stat name="Out / min" value={card.services_per_min.toFixed(1)} />
        <Stat name="Held" value={String(card.held)} />
      </dl>
    </article>
  );
}

function seconds(value: number | null): string {
  if (value === null) return "–";
  return value < 10 ? `${value.toFixed(1)} s` : duration(value);
}
