import { create } from "zustand";
import { useChat } from "./chat";

const useNext = create<{ on: boolean }>(() => ({ on: false }));

/** Whether this conversation, or the next one (`null`), leaves nothing behind. */
export function useTemporary(conversationId: string | null): boolean {
  const next = useNext(({ on }) => on);
  const own = useChat(({ state }) => (conversationId ? state.conversations[conversationId]?.temporary : undefined));
  return conversationId ? (own ?? false) : next;
}

export function setTemporary(on: boolean): void {
  useNext.setState({ on });
}
