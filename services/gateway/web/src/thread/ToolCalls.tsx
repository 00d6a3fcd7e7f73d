import type { TicketView } from "@tokenline/client";
import { Spinner } from "@tokenline/client/ui";
import { Check, X } from "lucide-react";

const VERBS = { started: "Using", completed: "Used", failed: "Failed:" };

export function ToolCalls({ calls }: { calls: TicketView["toolCalls"] }) {
  if (calls.length === 0) return null;
  return (
    <ul className="mb-3 space-y-1.5 text-[13px] text-ink-faint">
      {calls.map(({ call_id, name, status }) => (
        <li key={call_id} className="flex items-center gap-2">
          {status === "started" && <Spinner className="size-3.5" label="Under way" />}
          {status === "completed" && <Check className="size-3.5 text-accent" aria-hidden />}
          {status === "failed" && <X className="size-3.5 text-bad" aria-hidden />}
          {VERBS[status]} {name.replaceAll("_", " ")}
        </li>
      ))}
    </ul>
  );
}
