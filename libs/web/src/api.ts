import type { Agent, Attachment, Conversation, Eta, FollowUp, Message, MessageStatus } from "./generated/frames";
import type { Http } from "./http";

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Me {
  id: string;
  email: string;
  role: "user" | "admin";
}

export type AgentCard = Pick<Agent, "id" | "name" | "description"> & Partial<Agent>;

export interface PoolStatus {
  pool: string;
  waiting: number;
  running: number;
  slots: number;
  workers: number;
  eta: Eta | null;
}

/** A message as REST serves it. Sockets send the stored shape, without these two. */
export interface ServedMessage extends Message {
  attachments?: Attachment[];
  tokens_used?: number | null;
}

export type { MessageStatus };

const CONVERSATIONS = "/api/v1/chat/conversations";

/** The gateway's REST calls that a chat needs. */
export class Api {
  constructor(private readonly http: Http) {}

  me(): Promise<Me> {
    return this.http.get("/api/v1/me");
  }

  agents(): Promise<Page<AgentCard>> {
    return this.http.get("/api/v1/agents");
  }

  queueStatus(): Promise<{ items: PoolStatus[] }> {
    return this.http.get("/api/v1/queue/status");
  }

  conversations(query: { archived?: boolean; q?: string; cursor?: string | null; limit?: number }) {
    return this.http.get<Page<Conversation>>(CONVERSATIONS, query);
  }

  conversation(id: string): Promise<Conversation> {
    return this.http.get(`${CONVERSATIONS}/${id}`);
  }

  createConversation(agentId: string | null): Promise<Conversation> {
    return this.http.json("POST", CONVERSATIONS, agentId ? { agent_id: agentId } : {});
  }

  changeConversation(
    id: string,
    change: { title?: string; archived?: boolean; agent_id?: string; follow_up?: FollowUp },
  ) {
    return this.http.json<Conversation>("PATCH", `${CONVERSATIONS}/${id}`, change);
  }

  deleteConversation(id: string): Promise<void> {
    return this.http.json("DELETE", `${CONVERSATIONS}/${id}`);
  }

  messages(conversationId: string, cursor: string | null, limit = 100): Promise<Page<ServedMessage>> {
    return this.http.get(`${CONVERSATIONS}/${conversationId}/messages`, { cursor, limit });
  }

  /** Throws `ApiError`; `too_late`: the ticket no longer waits. */
  editQuestion(ticketId: string, content: string): Promise<{ message: ServedMessage }> {
    return this.http.json("PATCH", `/api/v1/chat/tickets/${ticketId}`, { content });
  }

  attachment(id: string): Promise<Attachment> {
    return this.http.get(`/api/v1/attachments/${id}`);
  }

  deleteAttachment(id: string): Promise<void> {
    return this.http.json("DELETE", `/api/v1/attachments/${id}`);
  }
}
