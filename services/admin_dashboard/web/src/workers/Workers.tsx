import type { WorkerRow as Row } from "@tokenline/client";
import { ConfirmDialog } from "@tokenline/client/ui/dialog";
import { useState } from "react";
import { Panel } from "../shell/Panel";
import { useAct } from "../state/actions";
import { WorkerRow } from "./WorkerRow";

interface Props {
  workers: Row[];
  /** Pools. */
  paused: string[];
}

export function Workers({ workers, paused }: Props) {
  const [draining, setDraining] = useState<{ worker: string; open: boolean }>({ worker: "", open: false });
  const act = useAct();
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
                <th className="py-1.5 text-right font-medium">Heard</th>
                <th className="w-9">
                  <span className="sr-only">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {workers.map((worker) => (
                <WorkerRow
                  key={worker.worker_id}
                  worker={worker}
                  paused={paused.includes(worker.pool)}
                  onDrain={() => setDraining({ worker: worker.worker_id, open: true })}
                />
              ))}
            </tbody>
          </table>
        )}
      </div>
      <ConfirmDialog
        open={draining.open}
        onOpenChange={(open) => setDraining({ ...draining, open })}
        title={`Drain ${draining.worker}?`}
        confirm="Drain it"
        keep="Leave it"
        onConfirm={() => void act(`workers/${draining.worker}/drain`, { unchanged: "It is draining already." })}
      >
        It finishes what it runs and takes nothing more, until its process is started again.
      </ConfirmDialog>
    </Panel>
  );
}
