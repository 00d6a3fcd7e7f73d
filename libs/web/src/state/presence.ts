import type { Conversation, Feedback } from "../generated/frames";
import { threadOf, withThread } from "./threads";
import type { ChatState } from "./types";

/** How long it is shown that the user is writing on another device. */
export const TYPING_MS = 5_000;

/** The newer of two pictures; what only grows is taken from whichever has more of it. */
export function metAgain(known: Conversation, item: Conversation): Conversation {
  return {
    ...(known.updated_at > item.updated_at ? known : item),
    // A gateway of an earlier version has neither.
    answer_seq: Math.max(known.answer_seq ?? 0, item.answer_seq ?? 0),
    read_seq: Math.max(known.read_seq ?? 0, item.read_seq ?? 0),
  };
}

/** Whether something was answered that its owner has not seen, on any device. */
export function isUnread({ answer_seq, read_seq }: Conversation): boolean {
  return answer_seq > read_seq;
}

/** Conversations with something unread, of those that are listed. */
export function countUnread(state: ChatState): number {
  return Object.values(state.conversations).filter((item) => !item.archived && isUnread(item)).length;
}

export function answered(state: ChatState, id: string, seq: number): ChatState {
  return grown(state, id, (known) => ({ ...known, answer_seq: Math.max(known.answer_seq, seq) }));
}

export function readUpTo(state: ChatState, id: string, seq: number): ChatState {
  return grown(state, id, (known) => ({ ...known, read_seq: Math.max(known.read_seq, seq) }));
}

/** Of an answer that is not here nothing need be known: it is read with what is said of it. */
export function rated(state: ChatState, id: string, messageId: string, feedback: Feedback | null): ChatState {
  const thread = threadOf(state, id);
  if (!thread.messages.some((message) => message.id === messageId)) return state;
  const messages = thread.messages.map((message) => (message.id === messageId ? { ...message, feedback } : message));
  return withThread(state, id, { ...thread, messages });
}

function grown(state: ChatState, id: string, change: (known: Conversation) => Conversation): ChatState {
  const known = state.conversations[id];
  return known ? { ...state, conversations: { ...state.conversations, [id]: change(known) } } : state;
}
