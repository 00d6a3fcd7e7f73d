import { cx } from "@tokenline/client/ui";
import { MailX } from "lucide-react";
import { openRecords } from "../records/Records";
import { useLive } from "../state/live";
import { useDeadLetterCount } from "../state/records";

/** Whether what is shown can be believed: this page's connection, the broker's, and ledger against store. */
export function Health() {
  const open = useLive((live) => live.connection === "open");
  const broker = useLive((live) => live.board?.broker_connected);
  const drift = useLive((live) => live.board?.drift);
  return (
    <ul aria-label="Health" className="flex items-center gap-1.5">
      <Sign ok={open} text={open ? "Live" : "Reconnecting"} pulse={!open} />
      {broker !== undefined && <Sign ok={broker} text={broker ? "Broker" : "Broker unavailable"} />}
      <DeadLetterSign />
      {typeof drift === "number" && (
        <Sign ok={drift === 0} text={drift === 0 ? "No drift" : `Drift ${drift}`} className="hidden md:flex" />
      )}
    </ul>
  );
}

/** Only while there are any. */
function DeadLetterSign() {
  const count = useDeadLetterCount();
  if (count === null || count === "0") return null;
  return (
    <li>
      <button
        type="button"
        className="flex h-7 items-center gap-2 rounded-full bg-bad-soft px-2.5 text-xs font-medium text-bad tabular-nums"
        onClick={() => openRecords("dead-letters")}
      >
        <MailX className="size-3.5" aria-hidden />
        {count}
        <span className="sr-only sm:not-sr-only">{count === "1" ? "dead letter" : "dead letters"}</span>
      </button>
    </li>
  );
}

function Sign({ ok, text, pulse, className }: { ok: boolean; text: string; pulse?: boolean; className?: string }) {
  return (
    <li
      className={cx(
        "flex h-7 items-center gap-2 rounded-full px-2.5 text-xs font-medium",
        ok ? "bg-accent-soft text-accent" : "bg-warn-soft text-warn",
        className,
      )}
    >
      <span className={cx("size-1.5 rounded-full bg-current", pulse && "animate-breathe")} aria-hidden="true" />
      {text}
    </li>
  );
}
