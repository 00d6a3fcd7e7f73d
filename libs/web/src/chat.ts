import type { Api } from "./api";
import type { Credentials } from "./credentials";
import { ApiError } from "./errors";
import type { Attachment, ClientFrame, ErrorInfo, FeedbackReason, Rating, ServerFrame } from "./generated/frames";
import { LiveSocket, type SocketOptions, type SocketState, socketUrl } from "./socket";
import { reduce } from "./state/reducer";
import { threadOf } from "./state/threads";
import { type ChatEvent, type ChatState, emptyState, LIVE_PHASES, type Outgoing, type ThreadMessage, type TicketView } from "./state/types";

/** What is said of typing more often than this the server would not pass on. */
const TYPING_EVERY_MS = 2_000;

/** What two frames about the same thing may be apart. */
const SETTLE_MS = 400;

/** Where unsent questions survive a reload. Failing to store is no reason not to send. */
export interface Outbox {
  load: () => Outgoing[];
  save: (entries: Outgoing[]) => void;
}

export interface ChatOptions {
  credentials: Credentials;
  api: Api;
  outbox: Outbox;
  url?: string;
  create?: SocketOptions<ServerFrame>["create"];
  signsIn?: boolean;
  /** The conversation of a first question has been created. */
  onPlaced?: (conversationId: string) => void;
}

/**
 * The whole chat without a page: it holds the state, keeps the socket, resumes every live ticket after each
 * reconnect, repeats unsent questions (they are idempotent) and fills gaps.
 */
export class ChatClient {
  state: ChatState = emptyState();
  connection: SocketState = "connecting";
  private readonly socket: LiveSocket<ServerFrame, ClientFrame>;
  private readonly listeners = new Set<() => void>();
  private readonly resumed = new Set<string>();
  private readonly withdrawn = new Set<string>();
  private readonly filling = new Map<string, string>();
  private placing = false;
  private readonly reading = new Map<string, Promise<void>>();
  private readonly asked = new Map<string, string>();
  private readonly unsaid = new Map<string, number>();
  private typedAt = -Infinity;
  private followed: string | null = null;

  constructor(private readonly options: ChatOptions) {
    this.socket = new LiveSocket<ServerFrame, ClientFrame>({
      url: options.url ?? socketUrl("/api/v1/chat/ws"),
      token: (rejected) => options.credentials.token(rejected),
      onFrame: (frame) => this.hear(frame),
      onState: (state) => {
        this.connection = state;
        this.tell();
      },
      create: options.create,
      signsIn: options.signsIn,
    });
    for (const outgoing of options.outbox.load()) this.apply({ type: "local.sending", outgoing });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  open(): void {
    this.socket.open();
  }

  close(): void {
    this.socket.close();
  }

  /**
   * Shown at once, sent when there is a connection, repeated until the server has accepted it. `insteadOf`: the question
   * in whose place it is asked, as a branch.
   */
  ask(
    content: string,
    to: { conversationId: string | null; agentId: string | null; attachments: Attachment[]; insteadOf?: string; temporary?: boolean },
  ): string {
    const outgoing: Outgoing = {
      clientMessageId: crypto.randomUUID?.() ?? fallbackId(),
      content,
      ...to,
      createdAt: Date.now() / 1000,
      error: null,
    };
    this.apply({ type: "local.sending", outgoing });
    this.deliver();
    return outgoing.clientMessageId;
  }

  /** The ticket that a question was given; `null` until it is accepted. */
  ticketOf(clientMessageId: string): string | null {
    return this.asked.get(clientMessageId) ?? null;
  }

  /** Goes on with a ticket that this client has not heard of. */
  follow(ticket: TicketView): void {
    this.apply({ type: "local.followed", ticket });
    this.resume(ticket.id);
  }

  askAgain(clientMessageId: string): void {
    const entry = this.state.outbox.find((outgoing) => outgoing.clientMessageId === clientMessageId);
    if (!entry) return;
    this.apply({ type: "local.sending", outgoing: { ...entry, error: null } });
    this.deliver();
  }

  /** Takes back an unaccepted question; should it be accepted all the same, its ticket is stopped. */
  discard(clientMessageId: string): void {
    this.withdrawn.add(clientMessageId);
    this.apply({ type: "local.discarded", clientMessageId });
  }

  /** The wish is kept: it is sent again after a reconnect until the ticket has ended. */
  stop(ticketId: string): void {
    this.apply({ type: "local.stopping", ticketId });
    this.socket.send({ type: "cancel", ticket_id: ticketId });
  }

  /**
   * Another text for a question that still waits; it keeps its place. Throws `ApiError`; `too_late`: a worker has it.
   * Over HTTP, because a refusal must find its way back to its edit.
   */
  async edit(ticketId: string, content: string): Promise<void> {
    const { message } = await this.options.api.editQuestion(ticketId, content);
    this.apply({ type: "local.edited", message });
  }

  /** Asks for another answer to a question, named by itself or by an answer to it, which stays. Throws `ApiError`. */
  async retry(messageId: string): Promise<string> {
    const { message, ticket } = await this.options.api.retry(messageId);
    const { id, conversation_id, answer_id } = ticket;
    this.apply({ type: "accepted", ticket_id: id, conversation_id, client_message_id: null, message, answer_id });
    this.resume(id);
    return id;
  }

  /** Shows the branch that this message is in, on all devices. Throws `ApiError`. */
  async switchTo(conversationId: string, messageId: string): Promise<void> {
    this.apply({ type: "local.conversations", items: [await this.options.api.choosePath(conversationId, messageId)] });
    await this.readAgain(conversationId);
  }

  /** The conversation on the screen: read it, and follow what happens in it. */
  async show(conversationId: string): Promise<void> {
    this.followed = conversationId;
    this.socket.send({ type: "follow", conversation_id: conversationId });
    await Promise.all([
      this.state.conversations[conversationId] ? null : this.meet(conversationId),
      threadOf(this.state, conversationId).loaded ? null : this.read(conversationId),
    ]);
  }

  /** Read up to the message with this `seq`, on all devices. Said again after a reconnect if it could not be said. */
  markRead(conversationId: string, seq: number): void {
    if ((this.state.conversations[conversationId]?.read_seq ?? 0) >= seq) return;
    this.apply({ type: "local.read", conversationId, seq });
    if (!this.socket.send({ type: "read", conversation_id: conversationId, seq })) this.unsaid.set(conversationId, seq);
  }

  /** The user is writing here: the other devices are told, at most every 2 s. */
  typing(conversationId: string): void {
    const now = performance.now();
    if (now - this.typedAt < TYPING_EVERY_MS) return;
    if (this.socket.send({ type: "typing", conversation_id: conversationId })) this.typedAt = now;
  }

  /** What the user thinks of an answer (`null`: nothing any more), shown at once. Throws `ApiError`: it is as before. */
  async rate(
    message: ThreadMessage,
    said: { rating: Rating; reasons?: FeedbackReason[]; comment?: string } | null,
  ): Promise<void> {
    const { id: messageId, conversation_id: conversationId, feedback: before } = message;
    const show = (feedback: ThreadMessage["feedback"]) =>
      this.apply({ type: "local.rated", conversationId, messageId, feedback });
    show(said && { rating: said.rating, reasons: said.reasons ?? [], comment: said.comment ?? null, at: 0 });
    try {
      if (said) show(await this.options.api.rateAnswer(messageId, said));
      else await this.options.api.unrateAnswer(messageId);
    } catch (error) {
      show(before);
      throw error;
    }
  }

  /** The newest page; several calls at once are one. */
  read(conversationId: string): Promise<void> {
    const under_way = this.reading.get(conversationId);
    if (under_way) return under_way;
    const reading = this.page(conversationId, null).finally(() => this.reading.delete(conversationId));
    this.reading.set(conversationId, reading);
    return reading;
  }

  async readOlder(conversationId: string): Promise<void> {
    const { older } = threadOf(this.state, conversationId);
    if (older) await this.page(conversationId, older);
  }

  apply(event: ChatEvent): void {
    const before = this.state;
    this.state = reduce(before, event);
    if (this.state === before) return;
    if (this.state.outbox !== before.outbox) this.options.outbox.save(this.state.outbox);
    this.tell();
  }

  /** A conversation that no listing has told of: an old one, or an archived one. */
  private async meet(conversationId: string): Promise<void> {
    this.apply({ type: "local.conversations", items: [await this.options.api.conversation(conversationId)] });
  }

  /** Not content with a page that is on its way already: it may be from before. */
  private async readAgain(conversationId: string): Promise<void> {
    await this.reading.get(conversationId)?.catch(() => undefined);
    await this.read(conversationId).catch(() => undefined);
  }

  private async page(conversationId: string, cursor: string | null): Promise<void> {
    const { items, next, leaf_id: leafId } = await this.options.api.messages(conversationId, cursor);
    const older = cursor !== null;
    // Another path is shown by now: what is above the former one's messages is not above these.
    if (older && threadOf(this.state, conversationId).older !== cursor) return;
    this.apply({ type: "local.messages", conversationId, items, next, leafId, older });
    this.resumeUnknown();
  }

  private hear(frame: ServerFrame): void {
    if (frame.type === "accepted" && frame.client_message_id) this.asked.set(frame.client_message_id, frame.ticket_id);
    this.apply({ ...frame, at: Date.now() });
    if (frame.type === "ready") this.welcome();
    else this.repair(frame);
  }

  private welcome(): void {
    this.resumed.clear();
    this.filling.clear();
    for (const [id, seq] of this.unsaid) this.socket.send({ type: "read", conversation_id: id, seq });
    this.unsaid.clear();
    if (this.followed) this.socket.send({ type: "follow", conversation_id: this.followed });
    for (const [id, { loaded, stale }] of Object.entries(this.state.threads)) {
      if (stale || (loaded && id === this.followed)) void this.readAgain(id);
    }
    for (const ticket of Object.values(this.state.tickets)) {
      if (!LIVE_PHASES.has(ticket.phase)) continue;
      this.resume(ticket.id);
      if (ticket.stopping) this.socket.send({ type: "cancel", ticket_id: ticket.id });
    }
    this.deliver();
  }

  private repair(frame: ServerFrame): void {
    if (frame.type === "delta") this.fill(frame.ticket_id);
    if (frame.type === "accepted" && this.withdrawn.has(frame.client_message_id ?? "")) this.stop(frame.ticket_id);
    if (frame.type === "conversation" && !frame.deleted) this.compare(frame.conversation.id);
    if (frame.type === "complete" || frame.type === "cancelled" || frame.type === "error" || frame.type === "accepted") {
      const id = this.state.tickets[frame.ticket_id ?? ""]?.conversationId;
      if (id && threadOf(this.state, id).stale) void this.readAgain(id);
    }
    if (frame.type === "edited" && this.reading.has(frame.message.conversation_id)) {
      void this.readAgain(frame.message.conversation_id);
    }
  }

  /**
   * Reads the path again if it was switched elsewhere. A question asked there is told of in a frame of its own, before
   * or after its conversation's: for that there is a moment.
   */
  private compare(conversationId: string): void {
    const switched = () => {
      const { loaded, leafId } = threadOf(this.state, conversationId);
      const known = this.state.conversations[conversationId]?.leaf_id;
      return loaded && known != null && known !== leafId;
    };
    if (!switched()) return;
    setTimeout(() => {
      if (switched() && this.connection === "open") void this.readAgain(conversationId);
    }, SETTLE_MS);
  }

  /** Asks once per gap: more pieces arrive beyond it while the answer is on its way. */
  private fill(ticketId: string): void {
    const ticket = this.state.tickets[ticketId];
    const cursor = `${ticket?.attempt}:${ticket?.length}`;
    if (!ticket?.gap || this.filling.get(ticketId) === cursor) return;
    this.filling.set(ticketId, cursor);
    this.resume(ticketId);
  }

  private resume(ticketId: string): void {
    const ticket = this.state.tickets[ticketId];
    if (!ticket) return;
    const { attempt, length } = ticket;
    if (this.socket.send({ type: "resume", ticket_id: ticketId, attempt, offset: length })) this.resumed.add(ticketId);
  }

  /** Questions whose ticket was never heard of: after a reload, or sent from another tab. */
  private resumeUnknown(): void {
    for (const ticket of Object.values(this.state.tickets)) {
      if (ticket.phase === "unknown" && !this.resumed.has(ticket.id)) this.resume(ticket.id);
    }
  }

  private deliver(): void {
    for (const entry of this.state.outbox) {
      if (entry.error) continue;
      if (entry.conversationId === null) void this.place(entry);
      else this.send(entry, entry.conversationId);
    }
  }

  /**
   * The conversation is created first, so that repeating the question can never create two. What is asked until it is
   * there was written below the first question, and goes with it.
   */
  private async place(first: Outgoing): Promise<void> {
    if (this.placing) return;
    this.placing = true;
    try {
      const conversation = await this.options.api.createConversation(first.agentId, { temporary: first.temporary });
      this.apply({ type: "local.conversations", items: [conversation] });
      this.apply({ type: "local.messages", conversationId: conversation.id, items: [], next: null, older: false });
      this.settle(conversation.id);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Not reached: it stays in the outbox and goes out with the next connection.
      if (error.status === 0) return;
      this.apply({ type: "local.send_failed", clientMessageId: first.clientMessageId, error: infoOf(error) });
    } finally {
      this.placing = false;
    }
    this.deliver();
  }

  /** Those withdrawn meanwhile have left the outbox. */
  private settle(conversationId: string): void {
    const waiting = this.state.outbox.filter((entry) => entry.conversationId === null && !entry.error);
    for (const { clientMessageId } of waiting) this.apply({ type: "local.placed", clientMessageId, conversationId });
    if (waiting.length) this.options.onPlaced?.(conversationId);
  }

  private send(entry: Outgoing, conversationId: string): void {
    this.socket.send({
      type: "send",
      client_message_id: entry.clientMessageId,
      content: entry.content,
      conversation_id: conversationId,
      agent_id: entry.agentId,
      attachment_ids: entry.attachments.map((attachment) => attachment.id),
      parent_id: null,
      instead_of: entry.insteadOf ?? null,
    });
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

function infoOf(error: ApiError): ErrorInfo {
  return { code: error.code, message: error.message, detail: error.detail };
}

/** `crypto.randomUUID` exists in secure contexts only; plain HTTP on a local network is none. */
function fallbackId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
