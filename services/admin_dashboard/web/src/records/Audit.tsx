import type { AuditEntry } from "@tokenline/client";
import { cx, when } from "@tokenline/client/ui";
import { useAudit } from "../state/records";
import { Earlier } from "./Earlier";
import { Reading } from "./Reading";
import { deed, outcome, TONES } from "./words";

/** Who did what to what, and how it ended. */
export function Audit() {
  const log = useAudit();
  if (!log.data) return <Reading error={log.error} onRetry={() => void log.refetch()} />;
  const entries = log.data.pages.flatMap((page) => page.items);
  if (entries.length === 0) {
    return <p className="px-5 py-10 text-center text-[13px] text-ink-faint">No administrator has done anything yet.</p>;
  }
  return (
    <div>
      <ol aria-label="Audit" className="max-h-[480px] overflow-y-auto">
        {entries.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ol>
      <Earlier query={log} />
    </div>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const { what, whom } = deed(entry);
  const { word, tone } = outcome(entry.outcome);
  return (
    <li
      className="grid grid-cols-[1fr_auto] gap-x-4 border-t border-line px-5 py-2.5 text-[13px] first:border-t-0 sm:grid-cols-[88px_minmax(140px,1fr)_minmax(0,2fr)_104px] sm:items-center"
      title={`${entry.target} · ${new Date(entry.at * 1000).toLocaleString()}`}
    >
      <time
        dateTime={new Date(entry.at * 1000).toISOString()}
        className="order-3 text-ink-faint tabular-nums sm:order-none"
      >
        {when(entry.at)}
      </time>
      <span className="order-4 truncate text-right text-ink-faint sm:order-none sm:text-left sm:text-ink-soft">
        {entry.actor}
      </span>
      <span className="order-1 min-w-0 truncate sm:order-none">
        <span className="font-medium">{what}</span> <span className="text-ink-soft">{whom}</span>
      </span>
      <span className="order-2 text-right sm:order-none">
        <span className={cx("rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap", TONES[tone])}>{word}</span>
      </span>
    </li>
  );
}
