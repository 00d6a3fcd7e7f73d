import type { ChatClient } from "./chat";
import { ApiError } from "./errors";
import type { ErrorInfo, Eta } from "./generated/frames";
import { wholeTicket } from "./state/rows";
import { LIVE_PHASES, type TicketView, type ToolCallView, WAITING_PHASES } from "./state/types";

/** What happens to a question, as its asker is told. */
export type AnswerEvent =
  /** It is stored and will be answered, whatever happens. */
  | { type: "accepted"; ticketId: string; conversationId: string | null }
  /** `reason`: why it is held outside the line; `note`: what a position cannot say. */
  | { type: "waiting"; position: number; eta: Eta | null; reason: string | null; note: string | null }
  /** A worker has it. */
  | { type: "started"; attempt: number }
  /** Something is looked up for the answer, or was, or could not be. */
  | { type: "tool"; call: ToolCallView }
  /** Append `text`. */
  | { type: "text"; text: string }
  /** Drop the text so far: it is answered again from the beginning. */
  | { type: "restarted"; attempt: number }
  /** Nothing follows. `text`: all there is, also of one that was stopped or broke off. */
  | { type: "end"; state: "complete" | "cancelled" | "error"; text: string; error: ErrorInfo | null };

/** What a follower who knew `before` is to be told about `now`. Pure. */
export function newsOf(before: TicketView | null, now: TicketView): AnswerEvent[] {
  const news: AnswerEvent[] = [];
  if (!before) news.push({ type: "accepted", ticketId: now.id, conversationId: now.conversationId });
  if (WAITING_PHASES.has(now.phase) && now.position !== null && placeOf(now) !== (before && placeOf(before))) {
    const { position, eta, reason, note } = now;
    news.push({ type: "waiting", position, eta, reason, note });
  }
  const had = before?.text ?? "";
  const goesOn = now.text.startsWith(had) && (!had || before?.attempt === now.attempt);
  if (!goesOn) news.push({ type: "restarted", attempt: now.attempt });
  else if (now.phase === "processing" && (before?.phase !== "processing" || before.attempt !== now.attempt)) {
    news.push({ type: "started", attempt: now.attempt });
  }
  const told = new Map(before?.attempt === now.attempt ? before.toolCalls.map((call) => [call.call_id, call.status]) : []);
  for (const call of now.toolCalls) if (told.get(call.call_id) !== call.status) news.push({ type: "tool", call });
  const fresh = goesOn ? now.text.slice(had.length) : now.text;
  if (fresh) news.push({ type: "text", text: fresh });
  if (now.phase === "complete" || now.phase === "cancelled" || now.phase === "error") {
    news.push({ type: "end", state: now.phase, text: now.text, error: now.error });
  }
  return news;
}

/** Changes when the waiting one should be told again. */
function placeOf({ phase, position, eta, reason, note }: TicketView): string {
  return JSON.stringify([phase, position, eta, reason, note]);
}

/**
 * One question and what becomes of it: iterate over its events, or await `text()`. It survives lost connections; a
 * reader who is slow gets fewer events with more text in each, and costs no memory beyond the text itself.
 */
export class Answer implements AsyncIterable<AnswerEvent> {
  private withdrawn = false;

  /** `asked`: the id of the question's message, or the ticket itself. */
  constructor(
    private readonly chat: ChatClient,
    private readonly asked: { clientMessageId: string } | { ticketId: string },
  ) {}

  /** Keep it, with the text so far, to `resume` in another run. `null` until the question is accepted. */
  get ticket(): TicketView | null {
    const id = "ticketId" in this.asked ? this.asked.ticketId : this.chat.ticketOf(this.asked.clientMessageId);
    return id === null ? null : wholeTicket(this.chat.state, id);
  }

  /** At whatever stage, also before it was sent. The text so far is kept. */
  stop(): void {
    const ticket = this.ticket;
    if (ticket) this.chat.stop(ticket.id);
    else if ("clientMessageId" in this.asked) {
      this.withdrawn = true;
      this.chat.discard(this.asked.clientMessageId);
    }
  }

  /** The whole answer, or what there is of one that was stopped. Throws `ApiError` when there is none. */
  async text(): Promise<string> {
    for await (const event of this) {
      if (event.type !== "end") continue;
      if (event.error) throw new ApiError(0, event.error);
      return event.text;
    }
    throw closed();
  }

  /** Each iteration begins at the beginning. Throws `ApiError` with code `closed` when the client is closed first. */
  async *[Symbol.asyncIterator](): AsyncIterator<AnswerEvent> {
    let before: TicketView | null = null;
    let woken = nothing;
    const leave = this.chat.subscribe(() => woken());
    try {
      while (true) {
        const ticket = this.ticket;
        const unsent = ticket || before ? null : this.unsent();
        if (unsent) {
          yield unsent;
          return;
        }
        if (ticket && ticket !== before) {
          const news = newsOf(before, ticket);
          before = ticket;
          yield* news;
          if (!LIVE_PHASES.has(ticket.phase)) return;
        } else if (this.chat.connection === "stopped") {
          throw closed();
        } else {
          await new Promise<void>((resolve) => (woken = resolve));
        }
      }
    } finally {
      leave();
    }
  }

  /** How it ended before it had a ticket. */
  private unsent(): AnswerEvent | null {
    if (this.withdrawn) return { type: "end", state: "cancelled", text: "", error: null };
    if ("ticketId" in this.asked) return null;
    const { clientMessageId } = this.asked;
    const error = this.chat.state.outbox.find((entry) => entry.clientMessageId === clientMessageId)?.error;
    return error ? { type: "end", state: "error", text: "", error } : null;
  }
}

function nothing(): void {}

function closed(): ApiError {
  return new ApiError(0, { code: "closed", message: "The client was closed, or is signed out.", detail: {} });
}
