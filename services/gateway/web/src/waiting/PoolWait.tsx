import { countInLine, type PoolStatus } from "@tokenline/client";
import { cx, etaText, MENU, plural } from "@tokenline/client/ui";
import { Popover } from "radix-ui";
import { useEffect } from "react";
import { useAgent } from "../state/agent";
import { useChat } from "../state/chat";
import { useQueueStatus } from "../state/queries";

/** What the line is like before one joins it: for this agent's pool, and on a click for all. */
export function PoolWait({ conversationId }: { conversationId: string | null }) {
  const { pools, renew } = useQueueStatus();
  const own = useChat(({ state }) => countInLine(state));
  // One's own messages change the line at once; the next regular look may be seconds away.
  useEffect(renew, [renew, own]);
  const agent = useAgent(conversationId);
  const status = pools.find(({ pool }) => pool === agent?.pool) ?? (pools.length === 1 ? pools[0] : undefined);
  if (!status) return null;
  return (
    <Popover.Root>
      <Popover.Trigger className="flex min-h-7 min-w-0 items-center text-left leading-tight gap-2 rounded-full px-2.5 text-[13px] text-ink-faint transition-colors hover:bg-sunken hover:text-ink-soft">
        <Dot status={status} />
        {waitText(status)}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content side="top" align="start" sideOffset={8} className={`${MENU} w-80 p-4`}>
          <h2 className="mb-3 font-semibold">The line right now</h2>
          <ul className="space-y-3">
            {pools.map((status) => (
              <li key={status.pool}>
                <p className="flex items-center gap-2 font-medium">
                  <Dot status={status} /> {status.pool}
                </p>
                <p className="mt-0.5 pl-4 text-[13px] text-ink-faint">
                  {waitText(status)} · {status.running} of {plural(status.slots, "place")} busy ·{" "}
                  {plural(status.workers, "worker")}
                </p>
              </li>
            ))}
          </ul>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

export function waitText({ waiting, workers, eta, running, slots }: PoolStatus): string {
  if (workers === 0) return "No worker is running";
  if (waiting === 0 && running < slots) return "No line, answered at once";
  const wait = etaText(eta);
  const line = waiting === 0 ? "No line, all busy" : `${waiting.toLocaleString("en")} waiting`;
  return wait && wait !== "any moment" ? `${line} · ${wait}` : line;
}

function Dot({ status }: { status: PoolStatus }) {
  const busy = status.waiting > 0 || status.running >= status.slots;
  const colour = status.workers === 0 ? "bg-bad" : busy ? "bg-warn" : "bg-accent";
  return <span className={cx("size-2 shrink-0 rounded-full", colour)} aria-hidden="true" />;
}
