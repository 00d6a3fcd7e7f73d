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

/** The current path as read from top to bottom: every answer under its own question. */
export function rowsOf(state: ChatState, conversationId: string | null): Row[] {
  const thread = conversationId ? threadOf(state, conversationId) : null;
  const byId = new Map(thread?.messages.map((message) => [message.id, message]));
  const rows: Row[] = [];
  for (const message of thread?.path.flatMap((id) => byId.get(id) ?? []) ?? []) {
    const last = rows.at(-1);
    if (message.role === "user") {
      rows.push({ ...NOTHING, key: message.client_message_id ?? message.id, question: message });
    } else if (last?.question && !last.answer) {
      last.answer = message;
    } else {
      rows.push({ ...NOTHING, key: message.id, answer: message });
    }
  }
  for (const row of rows) row.ticket = state.tickets[(row.answer ?? row.question)?.ticket_id ?? ""] ?? null;
  const sending = state.outbox.filter((entry) => entry.conversationId === conversationId && !cameBack(entry));
  // What is asked in the place of a question takes it at once.
  const instead = sending.findLast(({ insteadOf, error }) => insteadOf && !error);
  const at = instead ? rows.findIndex(({ question }) => question?.id === instead.insteadOf) : -1;
  return [
    ...(at < 0 ? rows : rows.slice(0, at)),
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

/** Refused because files of it are no longer there: which; of anything else none. */
export function goneFiles({ error }: Outgoing): Set<string> {
  const ids = error?.code === "file_gone" ? error.detail?.attachment_ids : [];
  return new Set(Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : []);
}

/** Belongs into the composer again. */
export function cameBack(entry: Outgoing): boolean {
  return wasBusy(entry) || wasLimited(entry) || goneFiles(entry).size > 0;
}

const NOTHING = { question: null, outgoing: null, answer: null, ticket: null };

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
