import type { AgentCard } from "@tokenline/client";
import { create } from "zustand";
import { chat, useChat } from "./chat";
import { api } from "./client";
import { useAgents } from "./queries";
import { read, write } from "./storage";

const KEY = "tokenline.agent";

const usePreferred = create<{ id: string | null }>(() => ({ id: read<string | null>(KEY, null) }));

/** The agent of a conversation; for one to come, the agent chosen last. */
export function useAgent(conversationId: string | null): AgentCard | null {
  const agents = useAgents();
  const preferred = usePreferred(({ id }) => id);
  const own = useChat(({ state }) => (conversationId ? state.conversations[conversationId]?.agent_id : undefined));
  return agents.find(({ id }) => id === (own ?? preferred)) ?? agents[0] ?? null;
}

export async function chooseAgent(conversationId: string | null, agentId: string): Promise<void> {
  write(KEY, agentId);
  usePreferred.setState({ id: agentId });
  if (!conversationId) return;
  const changed = await api.changeConversation(conversationId, { agent_id: agentId });
  chat().apply({ type: "local.conversations", items: [changed] });
}
