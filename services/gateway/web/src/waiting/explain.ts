import type { Attachment, TicketView } from "@tokenline/client";
import { plural } from "@tokenline/client/ui";
import { named } from "../files/names";

export interface Explanation {
  /** Shown large; `null`: no number says anything. */
  number: number | null;
  headline: string;
  /** Why, or what comes next. */
  detail: string | null;
  tone: "calm" | "warn";
}

/** What else the card knows: the question's files, and how many messages this user has in the line. */
export interface Around {
  files: Attachment[];
  inLine: number;
}

/** What the waiting card says about a ticket. */
export function explain(ticket: TicketView, around: Around): Explanation {
  if (ticket.stopping) return said(isWaiting(ticket) ? "Withdrawing" : "Stopping", null);
  switch (ticket.phase) {
    case "held":
      return held(ticket, around);
    case "queued":
      return queued(ticket);
    case "processing":
      return said(
        "It is your turn",
        ticket.attempt > 1 ? `Being answered again (attempt ${ticket.attempt})` : "Your question is being read",
      );
    default:
      return said("Finding your place", null);
  }
}

/** Whether a question can still be edited and withdrawn without a trace. */
export function isWaiting({ phase }: TicketView): boolean {
  return phase === "held" || phase === "queued";
}

/** Notes of the server that want more than a capital letter: what it means for the person who waits. */
const NOTES: Record<string, string> = {
  "no worker for this agent": "No worker for this agent is running, your place is kept",
  "paused by an administrator": "The line is paused by an administrator, your place is kept",
};
const TROUBLE = /^(no worker|paused|broker unavailable)/;

function queued({ position, note }: TicketView): Explanation {
  const detail = note && (NOTES[note] ?? sentence(note));
  const tone = note && TROUBLE.test(note) ? "warn" : "calm";
  if (!position) return { number: null, headline: "You are next", detail, tone };
  return { number: position, headline: "ahead of you", detail, tone };
}

function held(ticket: TicketView, { files, inLine }: Around): Explanation {
  const reason = ticket.reason ?? "";
  switch (reason) {
    case "earlier_message":
      return said("Waiting for your earlier message", "One conversation is answered in order");
    case "user_limit":
      return said(
        "Waiting for your other messages",
        inLine > 0
          ? `You have ${plural(inLine, "message")} in the line already; this one follows`
          : "You have as many in the line as one person may; this one follows",
      );
    case "retrying":
      return said("Trying again in a moment", "An attempt failed; your message goes first when it is tried again");
    case "indexing": {
      const reading = files.filter(({ state }) => state !== "indexed" && state !== "failed");
      const [first, ...others] = reading;
      const share = first?.progress ? ` (${Math.round(first.progress.share * 100)} %)` : "";
      const what = first && others.length === 0 ? named(first.name) + share : plural(reading.length || 1, "file");
      const meanwhile = ticket.position && `${plural(ticket.position, "message")} in the line meanwhile`;
      return said(`Indexing ${what}`, meanwhile || "Then it goes into the line");
    }
    default:
      return said(sentence(reason) || "Waiting", null);
  }
}

function said(headline: string, detail: string | null): Explanation {
  return { number: null, headline, detail, tone: "calm" };
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
