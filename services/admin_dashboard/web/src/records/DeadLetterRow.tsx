import type { DeadLetter } from "@tokenline/client";
import { Button, plural, when } from "@tokenline/client/ui";
import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { useAct } from "../state/actions";

export function DeadLetterRow({ letter }: { letter: DeadLetter }) {
  const [busy, setBusy] = useState(false);
  const act = useAct();
  const { ticket_id, user, agent, pool, attempts, error, ended_at } = letter;

  /** The row goes with the next reading; until then it takes no second click. */
  async function settle(how: "retry" | "discard") {
    setBusy(true);
    if (!(await act(`dead-letters/${ticket_id}/${how}`))) setBusy(false);
  }

  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line px-5 py-3 text-[13px]">
      <div className="min-w-0 flex-1 basis-64">
        <p className="font-medium text-bad">{error?.message ?? "It failed without a reason."}</p>
        <p className="mt-0.5 text-ink-faint tabular-nums">
          <span className="text-ink-soft">{user}</span>
          {` · ${agent} · ${pool} · ${plural(attempts, "attempt")}`}
          {ended_at !== null && ` · ${when(ended_at)}`}
        </p>
      </div>
      <div className="flex gap-1.5">
        <Button
          className="h-8 px-3 text-[13px]"
          aria-label={`Retry the question of ${user}`}
          disabled={busy}
          onClick={() => void settle("retry")}
        >
          <RotateCcw className="size-3.5" aria-hidden /> Retry
        </Button>
        <Button
          kind="ghost"
          className="h-8 px-3 text-[13px]"
          aria-label={`Discard the question of ${user}`}
          disabled={busy}
          onClick={() => void settle("discard")}
        >
          Discard
        </Button>
      </div>
    </li>
  );
}
