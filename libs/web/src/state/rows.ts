import { codePointLength } from "../codepoints";
import { threadOf } from "./threads";
import type { ChatState, Outgoing, Phase, ThreadMessage, TicketView } from "./types";
import { LIVE_PHASES } from "./types";

/** A question with what became of it. */
export interface Row {
  key: string;
  question: ThreadMessage | null;
  /** Not yet accepted; then there is nothing else. */
  outgoing: Outgoing | null;
  answer: ThreadMessage | null;
  ticket: TicketView | null;
}

/** A conversation as read from top to bottom: every answer under its own question, whenever it came. */
export function rowsOf(state: ChatState, conversationId: string | null): Row[] {
  const messages = conversationId ? threadOf(state, conversationId).messages : [];
  const answers = new Map<string, ThreadMessage>();
  for (const message of messages) {
    if (message.role !== "assistant") continue;
    if (message.ticket_id) answers.set(message.ticket_id, message);
    else if (message.parent_id) answers.set(message.parent_id, message);
  }
  const used = new Set<ThreadMessage>();
  const rows = messages
    .filter((message) => message.role === "user")
    .map((question): Row => {
      const answer = answers.get(question.ticket_id ?? "") ?? answers.get(question.id) ?? null;
      if (answer) used.add(answer);
      const ticket = question.ticket_id ? (state.tickets[question.ticket_id] ?? null) : null;
      return { key: question.client_message_id ?? question.id, question, outgoing: null, answer, ticket };
    });
  const asked = new Set(rows.map((row) => row.question?.id));
  for (const answer of messages) {
    if (answer.role !== "assistant" || used.has(answer)) continue;
    // Its question was asked again, by another ticket.
    if (answer.parent_id && asked.has(answer.parent_id)) continue;
    const at = rows.findIndex((row) => (row.question?.created_at ?? Infinity) > answer.created_at);
    const row: Row = { key: answer.id, question: null, outgoing: null, answer, ticket: null };
    rows.splice(at < 0 ? rows.length : at, 0, row);
  }
  const sending = state.outbox.filter((entry) => entry.conversationId === conversationId && !cameBack(entry));
  return [
    ...rows,
    ...sending.map((entry): Row => ({ ...NOTHING, key: entry.clientMessageId, outgoing: entry })),
  ];
}

/** Refused because an answer runs: no part of the conversation, its text belongs to whoever wrote it again. */
export function wasBusy({ error }: Outgoing): boolean {
  return error?.code === "busy";
}

/** Refused because a limit is used up: it can be sent again in a while, by whoever wrote it. */
export function wasLimited({ error }: Outgoing): boolean {
  return error?.code === "rate_limited";
}

/** Belongs into the composer again. */
export function cameBack(entry: Outgoing): boolean {
  return wasBusy(entry) || wasLimited(entry);
}

const NOTHING = { question: null, answer: null, ticket: null };

/** The live tickets of a conversation, oldest first: the one that Stop means, then those behind it. */
export function liveTickets(state: ChatState, conversationId: string | null): TicketView[] {
  if (!conversationId) return [];
  return Object.values(state.tickets)
    .filter((ticket) => ticket.conversationId === conversationId && LIVE_PHASES.has(ticket.phase))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A ticket with all of its text, which after the end is the stored message's; `null` while that is being read. */
export function wholeTicket(state: ChatState, ticketId: string): TicketView | null {
  const ticket = state.tickets[ticketId];
  if (ticket?.phase !== "complete" || !ticket.conversationId) return ticket ?? null;
  const { messages, stale } = threadOf(state, ticket.conversationId);
  const answer = messages.find(({ role, ticket_id }) => role === "assistant" && ticket_id === ticketId);
  return answer && !stale ? { ...ticket, text: answer.content, length: codePointLength(answer.content) } : null;
}

const IN_LINE: ReadonlySet<Phase> = new Set(["queued", "processing", "streaming"]);

/** How many of the user's messages are in the line or being answered: what a user may have only so many of. */
export function countInLine(state: ChatState): number {
  return Object.values(state.tickets).filter(
    ({ phase, reason }) => IN_LINE.has(phase) || (phase === "held" && reason === "retrying"),
  ).length;
}
