import type { AuditAction, AuditEntry } from "@tokenline/client";

const DEEDS: Record<AuditAction, string> = {
  "ticket.cancel": "Cancel",
  "ticket.bump": "Move to the front",
  "ticket.demote": "Move to the back",
  "ticket.move": "Move to another pool",
  "dead_letter.retry": "Retry dead letter",
  "dead_letter.discard": "Discard dead letter",
  "pool.pause": "Pause pool",
  "pool.resume": "Resume pool",
  "worker.drain": "Drain worker",
};

/** An action in words: what was meant, and whom it met. */
export function deed({ action, target, detail }: AuditEntry): { what: string; whom: string } {
  const { user, pool, priority, to_priority, to_pool } = detail;
  if (typeof user !== "string") return { what: DEEDS[action] ?? action, whom: target };
  const from = `${String(pool)}, P${String(priority)}`;
  const to = to_pool ?? (to_priority === undefined ? undefined : `P${String(to_priority)}`);
  return { what: DEEDS[action] ?? action, whom: `${user} (${from}${to === undefined ? "" : ` to ${String(to)}`})` };
}

export type Tone = "good" | "plain" | "bad" | "warn";

export const TONES: Record<Tone, string> = {
  good: "bg-accent-soft text-accent",
  plain: "bg-sunken text-ink-faint",
  bad: "bg-bad-soft text-bad",
  warn: "bg-warn-soft text-warn",
};

/** How it ended; errors by their code. */
export function outcome(code: string | null): { word: string; tone: Tone } {
  if (code === "done") return { word: "done", tone: "good" };
  if (code === "unchanged") return { word: "unchanged", tone: "plain" };
  if (code === null) return { word: "open", tone: "warn" };
  return { word: code.replaceAll("_", " "), tone: "bad" };
}
