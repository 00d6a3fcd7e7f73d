import type { Accepted, Attachment, Conversation, ErrorFrame } from "../generated/frames";
import { type TicketFrame, ticketAfter } from "./ticket";
import { answeredOn, asked, hasAnswer, readAbove, readEnd } from "./paths";
import { merged, threadOf, withMessages, withThread } from "./threads";
import { answered, metAgain, rated, readUpTo } from "./presence";
import { type ChatEvent, type ChatState, type LocalEvent, newTicket, type ThreadMessage, type TicketView } from "./types";

/** The whole of what a chat client knows, after one more frame or local event. Pure. */
export function reduce(state: ChatState, event: ChatEvent): ChatState {
  switch (event.type) {
    case "ready":
      return listed({ ...state, userId: event.user_id }, event.live);
    case "conversation":
      return event.deleted
        ? withoutConversation(state, event.conversation.id)
        : withConversations(state, [event.conversation]);
    case "typed":
      return { ...state, typing: { ...state.typing, [event.conversation_id]: event.at ?? 0 } };
    case "feedback":
      return rated(state, event.conversation_id, event.message_id, event.feedback);
    case "edited":
      return questioned(state, event.message, null);
    case "attachment":
    case "local.attachment":
      return withAttachment(state, event.attachment);
    case "accepted":
      return accepted(state, event);
    case "error":
      return failed(state, event);
    case "pong":
      return state;
    case "held":
    case "queued":
    case "position":
    case "processing":
    case "delta":
    case "tool_call":
    case "restarted":
    case "snapshot":
    case "complete":
    case "cancelled":
      return told(state, event, event.at ?? 0);
    default:
      return isLocal(event) ? locally(state, event) : state;
  }
}

/** A frame of a later protocol is none of ours: leave it. */
function isLocal(event: { type: string }): event is LocalEvent {
  return event.type.startsWith("local.");
}

function locally(state: ChatState, event: LocalEvent): ChatState {
  switch (event.type) {
    case "local.sending": {
      const others = state.outbox.filter((entry) => entry.clientMessageId !== event.outgoing.clientMessageId);
      return { ...state, outbox: [...others, event.outgoing] };
    }
    case "local.placed":
      return outgoing(state, event.clientMessageId, { conversationId: event.conversationId });
    case "local.send_failed":
      return outgoing(state, event.clientMessageId, { error: event.error });
    case "local.followed":
      return state.tickets[event.ticket.id] ? state : withTicket(state, event.ticket);
    case "local.edited":
      return questioned(state, event.message, null);
    case "local.discarded":
      return unsent(state, event.clientMessageId);
    case "local.stopping": {
      const ticket = state.tickets[event.ticketId];
      return ticket ? withTicket(state, { ...ticket, stopping: true }) : state;
    }
    case "local.conversations":
      return withConversations(state, event.items);
    case "local.conversation_deleted":
      return withoutConversation(state, event.conversationId);
    case "local.messages":
      return paged(state, event);
    case "local.attachment":
      return withAttachment(state, event.attachment);
    case "local.read":
      return readUpTo(state, event.conversationId, event.seq);
    case "local.rated":
      return rated(state, event.conversationId, event.messageId, event.feedback);
  }
}

// ── tickets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Tickets the server says are live, so that each can be resumed. */
function listed(state: ChatState, live: string[]): ChatState {
  const fresh = live.filter((id) => !state.tickets[id]).map((id) => [id, newTicket(id)]);
  return { ...state, tickets: { ...state.tickets, ...(Object.fromEntries(fresh) as ChatState["tickets"]) } };
}

function told(state: ChatState, frame: TicketFrame & { ticket_id: string }, at: number): ChatState {
  const before = state.tickets[frame.ticket_id] ?? newTicket(frame.ticket_id);
  const after = ticketAfter(before, frame, at);
  if (after === before && state.tickets[frame.ticket_id]) return state;
  const next = withTicket(state, after);
  if (frame.type === "complete" && after !== before) {
    const { message } = frame;
    const done = withTicket(answered(next, message.conversation_id, message.seq), { ...after, conversationId: message.conversation_id, text: "", length: 0 });
    const whole = { ...message, content: after.text };
    const known = withMessages(done, message.conversation_id, [whole]);
    const placed = withThread(known, message.conversation_id, answeredOn(threadOf(known, message.conversation_id), whole));
    return after.gap ? stale(placed, message.conversation_id) : placed;
  }
  return after.conversationId && after !== before && isNewsOfPath(next, after, frame) ? stale(next, after.conversationId) : next;
}

/** An end that may have left another message than is known here, or gave the path back to an earlier answer. */
function isNewsOfPath(state: ChatState, { conversationId, questionId }: TicketView, frame: TicketFrame): boolean {
  if (frame.type === "cancelled" && frame.message_id) return true;
  if (frame.type !== "cancelled" && frame.type !== "error") return false;
  return conversationId !== null && questionId !== null && hasAnswer(threadOf(state, conversationId), questionId);
}

function withTicket(state: ChatState, ticket: ChatState["tickets"][string]): ChatState {
  return { ...state, tickets: { ...state.tickets, [ticket.id]: ticket } };
}

function failed(state: ChatState, frame: ErrorFrame): ChatState {
  if (frame.ticket_id) return told(state, frame as ErrorFrame & { ticket_id: string }, 0);
  if (frame.refused?.ticket_id) return refused(state, frame.refused.ticket_id, frame.error.code);
  return frame.client_message_id ? outgoing(state, frame.client_message_id, { error: frame.error }) : state;
}

/** What was asked of a ticket was not done: it is gone for good, or it is to be asked again. */
function refused(state: ChatState, id: string, code: string): ChatState {
  const { [id]: ticket, ...tickets } = state.tickets;
  if (!ticket) return state;
  return code === "not_found" ? { ...state, tickets } : withTicket(state, { ...ticket, stopping: false });
}

// ── questions ───────────────────────────────────────────────────────────────────────────────────────────────────────

function accepted(state: ChatState, frame: Accepted): ChatState {
  const sent = state.outbox.find((entry) => entry.clientMessageId === frame.client_message_id);
  const message = sent ? { ...frame.message, attachments: sent.attachments } : frame.message;
  const { [frame.conversation_id]: _written, ...typing } = state.typing;
  const next = questioned({ ...state, typing }, { ...message, ticket_id: frame.ticket_id }, frame.answer_id);
  return frame.client_message_id ? unsent(next, frame.client_message_id) : next;
}

function questioned(state: ChatState, message: ThreadMessage, answerId: string | null): ChatState {
  const id = message.conversation_id;
  const next = withMessages(state, id, [message]);
  if (message.role !== "user") return next;
  // Heard of for the second time it is no news: the path may have been switched since.
  const known = message.ticket_id !== null && state.tickets[message.ticket_id]?.questionId === message.id;
  return linked(known ? next : withThread(next, id, asked(threadOf(next, id), message, answerId)), message);
}

function linked(state: ChatState, message: ThreadMessage): ChatState {
  if (!message.ticket_id) return state;
  const ticket = state.tickets[message.ticket_id] ?? newTicket(message.ticket_id);
  if (ticket.questionId === message.id) return state;
  return withTicket(state, { ...ticket, conversationId: message.conversation_id, questionId: message.id });
}

function outgoing(state: ChatState, clientMessageId: string, change: Partial<ChatState["outbox"][number]>): ChatState {
  const outbox = state.outbox.map((entry) =>
    entry.clientMessageId === clientMessageId ? { ...entry, ...change } : entry,
  );
  return { ...state, outbox };
}

function unsent(state: ChatState, clientMessageId: string): ChatState {
  return { ...state, outbox: state.outbox.filter((entry) => entry.clientMessageId !== clientMessageId) };
}

// ── conversations and pages ─────────────────────────────────────────────────────────────────────────────────────────

function withConversations(state: ChatState, items: Conversation[]): ChatState {
  const conversations = { ...state.conversations };
  for (const item of items) {
    const known = conversations[item.id];
    if (state.deleted[item.id]) continue;
    conversations[item.id] = known ? metAgain(known, item) : item;
  }
  return { ...state, conversations };
}

function withoutConversation(state: ChatState, id: string): ChatState {
  const { [id]: _gone, ...conversations } = state.conversations;
  const { [id]: _thread, ...threads } = state.threads;
  const outbox = state.outbox.filter((entry) => entry.conversationId !== id);
  return { ...state, conversations, threads, outbox, deleted: { ...state.deleted, [id]: true } };
}

function paged(state: ChatState, page: Extract<LocalEvent, { type: "local.messages" }>): ChatState {
  const thread = threadOf(state, page.conversationId);
  const messages = merged(thread.messages, page.items);
  const known = { ...thread, messages };
  const read = page.older ? readAbove(known, page.items, page.next) : readEnd(known, page.items, page.leafId === undefined ? thread.leafId : page.leafId, page.next);
  const next = withThread(state, page.conversationId, { ...read, loaded: true, stale: false });
  return page.items.filter((message) => message.role === "user").reduce(linkedIfOpen, next);
}

/** Only questions without a stored answer have a ticket that matters. */
function linkedIfOpen(state: ChatState, message: ThreadMessage): ChatState {
  const answered = threadOf(state, message.conversation_id).messages.some(
    (other) => other.role === "assistant" && other.ticket_id === message.ticket_id,
  );
  return answered && !state.tickets[message.ticket_id ?? ""] ? state : linked(state, message);
}

function stale(state: ChatState, conversationId: string): ChatState {
  return withThread(state, conversationId, { ...threadOf(state, conversationId), stale: true });
}

function withAttachment(state: ChatState, attachment: Attachment): ChatState {
  const known = state.attachments[attachment.id];
  if (known && known.version > attachment.version) return state;
  // How far it is within a state is only told, so what was asked for says nothing of it.
  const progress = attachment.progress ?? (known?.version === attachment.version ? known.progress : null);
  // Neither does the store know how much of a page is here yet.
  const same = known?.version === attachment.version && known.size_bytes > attachment.size_bytes ? known : attachment;
  const { name, size_bytes } = same;
  return { ...state, attachments: { ...state.attachments, [attachment.id]: { ...attachment, name, size_bytes, progress } } };
}
