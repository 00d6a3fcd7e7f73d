import { type ChatState, type Phase, type TicketView } from "@tokenline/client";

const SEEN: ReadonlySet<Phase> = new Set(["held", "queued", "processing", "streaming"]);

/** Tickets that were seen on their way and have their answer, or their error, since. Who stops one knows of it. */
export function endedSince(before: ChatState["tickets"], after: ChatState["tickets"]): TicketView[] {
  if (before === after) return [];
  return Object.values(after).filter(({ id, phase }) => {
    const former = before[id]?.phase;
    return (phase === "complete" || phase === "error") && former !== undefined && SEEN.has(former);
  });
}

/** What the tab is called: what has come since it was out of sight, or how many conversations have something unread. */
export function titleOf(answered: number, failed: number, unread = 0): string {
  if (answered > 1) return `${answered} answers ready · Tokenline`;
  if (answered) return "Answer ready · Tokenline";
  if (failed) return "Not answered · Tokenline";
  return unread ? `(${unread}) Tokenline` : "Tokenline";
}
