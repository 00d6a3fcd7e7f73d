import type { Attachment, TicketView } from "@tokenline/client";
import { plural } from "@tokenline/client/ui";

export interface Explanation {
  /** Shown large; `null`: no number says anything. */
  number: number | null;
  headline: string;
  /** Why, or what comes next. */
  detail: string | null;
  tone: "calm" | "warn";
}

/** What the waiting card says about a ticket. `files`: the attachments of its question. */
export function explain(ticket: TicketView, files: Attachment[]): Explanation {
  if (ticket.stopping) return { number: null, headline: "Stopping", detail: null, tone: "calm" };
  switch (ticket.phase) {
    case "held":
      return held(ticket, files);
    case "queued":
      return queued(ticket);
    case "processing":
      return {
        number: null,
        headline: "It is your turn",
        detail: ticket.attempt > 1 ? `Being answered again (attempt ${ticket.attempt})` : "Your question is being read",
        tone: "calm",
      };
    default:
      return { number: null, headline: "Finding your place", detail: null, tone: "calm" };
  }
}

function queued({ position, note }: TicketView): Explanation {
  const tone = note && /no worker|unavailable/i.test(note) ? "warn" : "calm";
  const detail = note ? sentence(note) : null;
  if (!position) return { number: null, headline: "You are next", detail, tone };
  return { number: position, headline: "ahead of you", detail, tone };
}

function held(ticket: TicketView, files: Attachment[]): Explanation {
  const reason = ticket.reason ?? "";
  if (reason === "earlier_message") {
    return {
      number: null,
      headline: "Waiting for your earlier message",
      detail: "One conversation is answered in order",
      tone: "calm",
    };
  }
  if (reason === "user_limit") {
    return {
      number: null,
      headline: "Waiting for your other questions",
      detail: "You have as many in line as one person may",
      tone: "calm",
    };
  }
  if (reason.startsWith("indexing")) {
    const waiting = files.filter(({ state }) => state !== "indexed" && state !== "failed");
    const named = reason.slice("indexing".length).trim();
    return {
      number: null,
      headline: `Reading ${named || (waiting.length === 1 ? waiting[0]!.name : plural(waiting.length || 1, "file"))}`,
      detail: ticket.position ? `${plural(ticket.position, "question")} in line meanwhile` : "Then you go into the line",
      tone: "calm",
    };
  }
  return { number: null, headline: sentence(reason) || "Waiting", detail: null, tone: "calm" };
}

function sentence(text: string): string {
  const plain = text.replaceAll("_", " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** What a screen reader hears: the same, in one breath. */
export function spoken(explanation: Explanation, eta: string | null): string {
  const { number, headline, detail } = explanation;
  const parts = [number === null ? headline : `${number} ${headline}`, eta && `wait ${eta}`, detail];
  return parts.filter(Boolean).join(", ");
}
