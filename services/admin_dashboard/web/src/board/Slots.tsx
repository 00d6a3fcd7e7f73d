import { cx } from "@tokenline/client/ui";

const DRAWN = 32;

interface Props {
  running: number;
  /** Of the workers that take tickets: none of a paused pool. */
  slots: number;
  paused: boolean;
}

/** Places at the counter: taken and free. */
export function Slots({ running, slots, paused }: Props) {
  const drawn = Math.min(Math.max(slots, running), DRAWN);
  return (
    <div className="mt-2.5 flex items-center gap-3 text-xs text-ink-faint">
      <span className="whitespace-nowrap tabular-nums">
        <span className="font-medium text-ink-soft">{running}</span>
        {paused ? " still running" : slots < running ? " running" : ` of ${slots} running`}
      </span>
      <span className="flex flex-1 flex-wrap justify-end gap-1" aria-hidden="true">
        {Array.from({ length: drawn }, (_, index) => (
          <span key={index} className={cx("size-2 rounded-[3px]", index < running ? "bg-accent" : "bg-line-strong")} />
        ))}
      </span>
    </div>
  );
}
