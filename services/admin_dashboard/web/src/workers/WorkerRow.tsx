import type { WorkerRow as Row } from "@tokenline/client";
import { cx, IconButton } from "@tokenline/client/ui";
import { Unplug } from "lucide-react";

const QUIET_S = 4;

interface Props {
  worker: Row;
  /** Its pool is: it takes nothing for that reason, too. */
  paused: boolean;
  onDrain: () => void;
}

export function WorkerRow({ worker, paused, onDrain }: Props) {
  const { worker_id, pool, busy, slots, draining, seen_s_ago } = worker;
  return (
    <tr className="border-t border-line tabular-nums">
      <td className="max-w-44 px-3 py-1.5 font-medium" title={worker_id}>
        <span className="flex items-center gap-2">
          <span className="truncate">{worker_id}</span>
          {draining && (
            <span className="rounded-full bg-warn-soft px-2 text-[11px] leading-5 text-warn">
              {paused ? "paused" : "draining"}
            </span>
          )}
        </span>
      </td>
      <td className="max-w-24 truncate px-3 py-1.5 text-ink-soft">{pool}</td>
      <td className="px-3 py-1.5 text-right whitespace-nowrap">
        {busy} <span className="text-ink-faint">/ {slots}</span>
      </td>
      <td className={cx("py-1.5 text-right whitespace-nowrap", seen_s_ago > QUIET_S ? "text-warn" : "text-ink-faint")}>
        {seen_s_ago.toFixed(0)} s ago
      </td>
      <td className="py-0.5 pl-1">
        <IconButton small label={`Drain ${worker_id}`} disabled={draining && !paused} onClick={onDrain}>
          <Unplug aria-hidden />
        </IconButton>
      </td>
    </tr>
  );
}
