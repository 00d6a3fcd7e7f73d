import type { TruthRow } from "@tokenline/client";
import { cx } from "@tokenline/client/ui";
import { useTruth } from "../state/records";
import { Reading } from "./Reading";

/** Waiting tickets, counted where each part keeps them. */
export function Truth() {
  const truth = useTruth();
  if (!truth.data) return <Reading error={truth.error} onRetry={() => void truth.refetch()} />;
  return (
    <div className="overflow-x-auto px-3 pb-3">
      <table className="w-full text-[13px] tabular-nums">
        <caption className="caption-bottom px-2 pt-3 text-left text-xs text-ink-faint">
          Waiting tickets as the store, RabbitMQ and the ledger count them. Void offers belong to tickets that were
          withdrawn, moved or aged; workers drop them. Counted one after another, so it may flicker under load.
        </caption>
        <thead className="text-xs text-ink-faint">
          <tr>
            <th className="px-2 py-2 text-left font-medium">Pool</th>
            {["Store", "RabbitMQ", "Ledger", "Void", "Drift"].map((name) => (
              <th key={name} className="px-2 py-2 text-right font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {truth.data.items.map((row) => (
            <Row key={row.pool} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row }: { row: TruthRow }) {
  const { pool, store, broker, ledger, drift } = row;
  return (
    <tr className="border-t border-line">
      <td className="px-2 py-2 font-medium">{pool}</td>
      <Count value={store} />
      <Count value={broker} />
      <Count value={ledger} />
      <Count value={row.void} />
      <td className="px-2 py-2 text-right">
        <span
          className={cx(
            "rounded-full px-2 py-0.5 text-xs font-medium",
            drift === 0 ? "bg-accent-soft text-accent" : "bg-warn-soft text-warn",
          )}
        >
          {drift === null ? "unknown" : drift.toLocaleString("en")}
        </span>
      </td>
    </tr>
  );
}

function Count({ value }: { value: number | null }) {
  return <td className="px-2 py-2 text-right text-ink-soft">{value === null ? "–" : value.toLocaleString("en")}</td>;
}
