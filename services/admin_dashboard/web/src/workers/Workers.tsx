import type { WorkerRow as Row } from "@tokenline/client";
import { cx } from "@tokenline/client/ui";
import { Panel } from "../shell/Panel";

export function Workers({ workers }: { workers: Row[] }) {
  return (
    <Panel title="Workers" aside={<span className="ml-auto text-[13px] text-ink-faint tabular-nums">{workers.length}</span>}>
      <div className="max-h-[240px] overflow-auto px-2 pb-2">
        {workers.length === 0 ? (
          <p className="px-3 py-10 text-center text-[13px] text-ink-faint">No worker is running. Nothing is being answered.</p>
        ) : (
          <table className="w-full text-[13px]">
            <thead className="text-xs text-ink-faint">
              <tr>
                <th className="px-3 py-1.5 text-left font-medium">Worker</th>
                <th className="px-3 py-1.5 text-left font-medium">Pool</th>
                <th className="px-3 py-1.5 text-right font-medium">Busy</th>
                <th className="px-3 py-1.5 text-right font-medium">Heard</th>
              </tr>
            </thead>
            <tbody>
              {workers.map((worker) => (
                <WorkerRow key={worker.worker_id} worker={worker} />
              ))}
            </tbody>
          </table>
        )}
      </div>
    </Panel>
  );
}

const QUIET_S = 4;

function WorkerRow({ worker }: { worker: Row }) {
  const { worker_id, pool, busy, slots, draining, seen_s_ago } = worker;
  return (
    <tr className="border-t border-line tabular-nums">
      <td className="max-w-44 px-3 py-2 font-medium" title={worker_id}>
        <span className="flex items-center gap-2">
          <span className="truncate">{worker_id}</span>
          {draining && <span className="rounded-full bg-warn-soft px-2 text-[11px] leading-5 text-warn">draining</span>}
        </span>
      </td>
      <td className="max-w-24 truncate px-3 py-2 text-ink-soft">{pool}</td>
      <td className="px-3 py-2 text-right whitespace-nowrap">
        {busy} <span className="text-ink-faint">/ {slots}</span>
      </td>
      <td className={cx("px-3 py-2 text-right whitespace-nowrap", seen_s_ago > QUIET_S ? "text-warn" : "text-ink-faint")}>
        {seen_s_ago.toFixed(0)} s ago
      </td>
    </tr>
  );
}
