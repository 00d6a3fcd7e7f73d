import { Answer } from "./answer";
import { Api } from "./api";
import { ChatClient } from "./chat";
import { codePointLength } from "./codepoints";
import { ApiKey, type Credentials } from "./credentials";
import { ApiError } from "./errors";
import type { Attachment } from "./generated/frames";
import { Http } from "./http";
import { newTicket, type Outgoing } from "./state/types";
import { upload } from "./upload";

/** A WebSocket that can send headers: of the package `ws`, of undici (Node 22 has it built in), of Bun. */
export type HeaderSocket = new (url: string, options: { headers: Record<string, string> }) => unknown;

export interface ConnectOptions {
  /** Address of a gateway, such as `http://127.0.0.1:8080`. */
  url: string;
  /** What to sign in with: a key, or somebody's `Session` (in browsers, which cannot send headers). */
  apiKey?: string;
  session?: Credentials;
  /** For `apiKey`; without it the runtime's own is used. */
  WebSocket?: HeaderSocket;
  /** Where unaccepted questions survive a restart of the program; without it they do not. */
  outbox?: { load: () => Outgoing[]; save: (entries: Outgoing[]) => void };
}

export interface Question {
  /** Without it a new conversation is begun. */
  conversationId?: string;
  agentId?: string;
  files?: Attachment[];
  /** The question in whose place it is asked, as a branch; that one stays reachable. */
  insteadOf?: string;
}

/**
 * A connection to Tokenline for programs. It reconnects and resumes by itself; nothing asked through it is asked twice.
 *
 * Resolves when it is signed in. Throws `ApiError` with code `not_signed_in` when the credentials are refused; a gateway
 * that cannot be reached is tried again until `close`.
 */
export async function connect(options: ConnectOptions): Promise<Tokenline> {
  const client = new Tokenline(options);
  await client.opened();
  return client;
}

export class Tokenline {
  readonly api: Api;
  /** The whole state, for those who want more than answers. */
  readonly chat: ChatClient;
  private readonly credentials: Credentials;

  constructor(private readonly options: ConnectOptions) {
    const { url, apiKey, session } = options;
    const credentials = apiKey ? new ApiKey(apiKey) : session;
    if (!credentials) throw new TypeError("connect needs an apiKey or a session");
    this.credentials = credentials;
    this.api = new Api(new Http(credentials, url.replace(/\/$/, "")));
    this.chat = new ChatClient({
      credentials,
      api: this.api,
      outbox: options.outbox ?? { load: () => [], save: () => undefined },
      url: `${url.replace(/^http/, "ws").replace(/\/$/, "")}/api/v1/chat/ws`,
      ...(apiKey ? { create: keyed(options.WebSocket), signsIn: true } : {}),
    });
  }

  /** Stops following; what was asked goes on. */
  close(): void {
    this.chat.close();
  }

  ask(content: string, { conversationId, agentId, files = [], insteadOf }: Question = {}): Answer {
    const place = { conversationId: conversationId ?? null, agentId: agentId ?? null };
    const to = { ...place, attachments: files, ...(insteadOf ? { insteadOf } : {}) };
    return new Answer(this.chat, { clientMessageId: this.chat.ask(content, to) });
  }

  /** Another answer to a question, named by itself or by an answer to it, which stays reachable. Throws `ApiError`. */
  async retry(messageId: string): Promise<Answer> {
    return new Answer(this.chat, { ticketId: await this.chat.retry(messageId) });
  }

  /** Goes on with a ticket of a former run. `had`: what of it is here already. Throws `ApiError`, `not_found`. */
  async resume(ticketId: string, had: { attempt: number; text: string } = { attempt: 0, text: "" }): Promise<Answer> {
    const { conversation_id } = await this.api.ticket(ticketId);
    const length = codePointLength(had.text);
    this.chat.follow({ ...newTicket(ticketId), ...had, length, conversationId: conversation_id });
    return new Answer(this.chat, { ticketId });
  }

  /**
   * Stores a file and has it read; a question that names it waits until it is. `onProgress`: the fraction sent. Goes on
   * where the connection broke; gives up after two minutes in which nothing got through.
   */
  upload(file: File, onProgress: (fraction: number) => void = () => undefined): Promise<Attachment> {
    return upload(this.credentials, file, onProgress, { baseUrl: this.options.url.replace(/\/$/, "") }).done;
  }

  /** Has a page of the web fetched and read; a question that names it waits until it is. Throws `ApiError`. */
  addUrl(url: string): Promise<Attachment> {
    return this.api.addUrl(url);
  }

  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const { connection } = this.chat;
        if (connection !== "open" && connection !== "stopped") return;
        leave();
        if (connection === "open") resolve();
        else reject(refused());
      };
      const leave = this.chat.subscribe(look);
      this.chat.open();
    });
  }
}

function keyed(Socket: HeaderSocket = globalThis.WebSocket as unknown as HeaderSocket) {
  return (url: string, token: string) =>
    new Socket(url, { headers: { authorization: `Bearer ${token}` } }) as WebSocket;
}

function refused(): ApiError {
  return new ApiError(401, { code: "not_signed_in", message: "These credentials are refused.", detail: {} });
}
