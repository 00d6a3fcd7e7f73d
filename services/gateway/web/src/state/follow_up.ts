import type { FollowUp } from "@tokenline/client";
import { chat, useChat } from "./chat";
import { api } from "./client";

/** What becomes of a question asked while an answer is running; `null` as long as there is no conversation. */
export function useFollowUp(conversationId: string | null): FollowUp | null {
  return useChat(({ state }) => (conversationId && state.conversations[conversationId]?.follow_up) || null);
}

export async function chooseFollowUp(conversationId: string, followUp: FollowUp): Promise<void> {
  const changed = await api.changeConversation(conversationId, { follow_up: followUp });
  chat().apply({ type: "local.conversations", items: [changed] });
}
