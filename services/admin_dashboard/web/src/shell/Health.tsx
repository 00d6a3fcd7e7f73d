import { cx } from "@tokenline/client/ui";
import { useLive } from "../state/live";

/** Whether what is shown can be believed: this page's connection, the broker's, and ledger against store. */
export function Health() {
  const open = useLive((live) => live.connection === "open");
  const broker = useLive((live) => live.board?.broker_connected);
  const drift = useLive((live) => live.board?.drift);
  return (
    <ul aria-label="Health" className="flex items-center gap-1.5">
      <Sign ok={open} text={open ? "Live" : "Reconnecting"} pulse={!open} />
      {broker !== undefined && <Sign ok={broker} text={broker ? "Broker" : "Broker unavailable"} />}
      {typeof drift === "number" && (
        <Sign ok={drift === 0} text={drift === 0 ? "No drift" : `Drift ${drift}`} className="hidden md:flex" />
      )}
    </ul>
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
