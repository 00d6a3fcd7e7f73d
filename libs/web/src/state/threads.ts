import type { ChatState, Thread, ThreadMessage } from "./types";

const EMPTY: Thread = { messages: [], path: [], leafId: null, older: null, loaded: false, stale: false };

export function threadOf(state: ChatState, conversationId: string): Thread {
  return state.threads[conversationId] ?? EMPTY;
}

/** With the messages put in their places; one that is there already is replaced. */
export function withMessages(state: ChatState, conversationId: string, items: ThreadMessage[]): ChatState {
  const thread = threadOf(state, conversationId);
  return withThread(state, conversationId, { ...thread, messages: merged(thread.messages, items) });
}

export function withThread(state: ChatState, conversationId: string, thread: Thread): ChatState {
  return { ...state, threads: { ...state.threads, [conversationId]: thread } };
}

/** A read page wins over what is known, save for extras that only REST sends. */
export function merged(known: ThreadMessage[], items: ThreadMessage[]): ThreadMessage[] {
  const byId = new Map(known.map((message) => [message.id, message]));
  for (const item of items) {
    const former = byId.get(item.id);
    byId.set(item.id, former ? { ...former, ...item } : item);
  }
  return [...byId.values()].sort(inOrder);
}

function inOrder(a: ThreadMessage, b: ThreadMessage): number {
  if (a.seq && b.seq && a.seq !== b.seq) return a.seq - b.seq;
  return a.created_at - b.created_at || (a.id < b.id ? -1 : 1);
}
