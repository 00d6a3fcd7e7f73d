import type { TicketState } from "@tokenline/client";
import { cx } from "@tokenline/client/ui";

const LOOKS: Partial<Record<TicketState, string>> = {
  queued: "bg-sunken text-ink-soft",
  held: "bg-warn-soft text-warn",
  processing: "bg-accent-soft text-accent",
  streaming: "bg-accent text-on-accent",
  error: "bg-bad-soft text-bad",
};

export function StateBadge({ state }: { state: TicketState }) {
  return (
    <span className={cx("rounded-full px-2 py-0.5 text-xs font-medium", LOOKS[state] ?? "bg-sunken text-ink-faint")}>
      {state}
    </span>
  );
}
