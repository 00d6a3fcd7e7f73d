import type {
  AgentPage,
  Asked,
  Attachment,
  Conversation,
  ConversationPage,
  Feedback,
  FeedbackReason,
  FileLink,
  FollowUp,
  Me,
  MessagePage,
  PoolStatusPage,
  Rating,
  TicketStatus,
} from "./generated/frames";
import type { Http } from "./http";

const CONVERSATIONS = "/api/v1/chat/conversations";

/** The gateway's REST calls that a chat needs. */
export class Api {
  constructor(private readonly http: Http) {}

  me(): Promise<Me> {
    return this.http.get("/api/v1/me");
  }

  agents(): Promise<AgentPage> {
    return this.http.get("/api/v1/agents");
  }

  queueStatus(): Promise<PoolStatusPage> {
    return this.http.get("/api/v1/queue/status");
  }

  conversations(query: { archived?: boolean; q?: string; cursor?: string | null; limit?: number }) {
    return this.http.get<ConversationPage>(CONVERSATIONS, query);
  }

  conversation(id: string): Promise<Conversation> {
    return this.http.get(`${CONVERSATIONS}/${id}`);
  }

  /** `temporary`: it leaves nothing behind. */
  createConversation(agentId: string | null, { temporary = false } = {}): Promise<Conversation> {
    return this.http.json("POST", CONVERSATIONS, {
      ...(agentId ? { agent_id: agentId } : {}),
      ...(temporary ? { temporary } : {}),
    });
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

  messages(conversationId: string, cursor: string | null, limit = 100): Promise<MessagePage> {
    return this.http.get(`${CONVERSATIONS}/${conversationId}/messages`, { cursor, limit });
  }

  /** Another answer to a question, named by itself or by an answer to it; its ticket, if one is under way. */
  retry(messageId: string): Promise<Asked> {
    return this.http.json("POST", `/api/v1/chat/messages/${messageId}/retry`);
  }

  /** The current path then runs through this message, and on to the newest one below it. */
  choosePath(conversationId: string, messageId: string): Promise<Conversation> {
    return this.http.json("PUT", `${CONVERSATIONS}/${conversationId}/path`, { message_id: messageId });
  }

  /** The path up to a message, or the current one, as a conversation of its own. */
  copyConversation(conversationId: string, copyId: string, messageId?: string): Promise<Conversation> {
    const body = { client_copy_id: copyId, ...(messageId ? { message_id: messageId } : {}) };
    return this.http.json("POST", `${CONVERSATIONS}/${conversationId}/copy`, body);
  }

  /** For clients that can hold neither a socket nor an event stream. */
  ticket(id: string): Promise<TicketStatus> {
    return this.http.get(`/api/v1/chat/tickets/${id}`);
  }

  /** Throws `ApiError`; `too_late`: the ticket no longer waits. */
  editQuestion(ticketId: string, content: string): Promise<Asked> {
    return this.http.json("PATCH", `/api/v1/chat/tickets/${ticketId}`, { content });
  }

  /** In place of what was said of this answer before. */
  rateAnswer(id: string, said: { rating: Rating; reasons?: FeedbackReason[]; comment?: string }): Promise<Feedback> {
    return this.http.json("PUT", `/api/v1/chat/messages/${id}/feedback`, said);
  }

  unrateAnswer(id: string): Promise<void> {
    return this.http.json("DELETE", `/api/v1/chat/messages/${id}/feedback`);
  }

  attachment(id: string): Promise<Attachment> {
    return this.http.get(`/api/v1/attachments/${id}`);
  }

  /** Has a page of the web fetched and read. Throws `ApiError`, `address_refused` and `not_fetched` among others. */
  addUrl(url: string, conversationId?: string): Promise<Attachment> {
    const body = { url, ...(conversationId ? { conversation_id: conversationId } : {}) };
    return this.http.json("POST", "/api/v1/attachments/url", body);
  }

  /** Whoever has the link downloads the file without signing in, for 24 hours. */
  linkFile(id: string): Promise<FileLink> {
    return this.http.json("POST", `/api/v1/attachments/${id}/link`);
  }

  /** Of a picture that has one: `picture.thumbnail`. */
  async thumbnail(id: string): Promise<Blob> {
    return (await this.http.fetch(`/api/v1/attachments/${id}/thumbnail`)).blob();
  }

  deleteAttachment(id: string): Promise<void> {
    return this.http.json("DELETE", `/api/v1/attachments/${id}`);
  }
}
