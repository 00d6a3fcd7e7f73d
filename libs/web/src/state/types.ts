import type {
  Attachment,
  Complete,
  Conversation,
  ErrorInfo,
  Eta,
  Feedback,
  ServedMessage,
  ServerFrame,
  ToolCallFrame,
} from "../generated/frames";

export type Phase =
  | "held"
  | "queued"
  | "processing"
  | "streaming"
  | "complete"
  | "cancelled"
  | "error"
  /** Known by id only; its first frame is on the way. */
  | "unknown";

export type ToolCallView = Pick<ToolCallFrame, "call_id" | "name" | "status" | "detail">;

/** One question's way through the line, as this client knows it. */
export interface TicketView {
  id: string;
  conversationId: string | null;
  questionId: string | null;
  phase: Phase;
  /** Tickets served before it; while held, the rank it would get. */
  position: number | null;
  /** The largest position it was seen at, from which progress is shown. */
  from: number;
  eta: Eta | null;
  /** When `eta` was told, so that it can count down. */
  etaAt: number;
  note: string | null;
  reason: string | null;
  attempt: number;
  text: string;
  /** Of `text`, in code points: the cursor sent with `resume`. */
  length: number;
  toolCalls: ToolCallView[];
  error: ErrorInfo | null;
  retry: boolean;
  stopping: boolean;
  /** Text is missing: resume from the cursor. */
  gap: boolean;
}

/** A question on its way to the server. */
export interface Outgoing {
  clientMessageId: string;
  /** `null`: its conversation has not been created yet. */
  conversationId: string | null;
  agentId: string | null;
  /** Its conversation is to leave nothing behind. */
  temporary?: boolean;
  content: string;
  attachments: Attachment[];
  createdAt: number;
  error: ErrorInfo | null;
  /** The question in whose place it is asked. */
  insteadOf?: string;
}

type OnlyServed = "attachments" | "tokens_used" | "alternatives";

/** A message as a thread holds it: REST serves it with its files, tokens and alternatives, sockets without. */
export type ThreadMessage = Omit<ServedMessage, OnlyServed> & Partial<Pick<ServedMessage, OnlyServed>>;

export interface Thread {
  /** All that are known, of whatever branch, in the order of the store. */
  messages: ThreadMessage[];
  /** Ids of those on the current path, from the first question on. */
  path: string[];
  /** Where the path ends: the answer to its last question, which may be still to come. */
  leafId: string | null;
  /** Cursor to older messages; `null`: all are here. */
  older: string | null;
  loaded: boolean;
  /** Something was missed: read the newest page again. */
  stale: boolean;
}

export interface ChatState {
  userId: string | null;
  conversations: Record<string, Conversation>;
  /** Gone for certain; a late frame does not bring them back. */
  deleted: Record<string, true>;
  threads: Record<string, Thread>;
  tickets: Record<string, TicketView>;
  outbox: Outgoing[];
  attachments: Record<string, Attachment>;
  /** Conversations that the user was writing in on another device, and when that was heard, in ms. */
  typing: Record<string, number>;
}

export type LocalEvent =
  | { type: "local.sending"; outgoing: Outgoing }
  | { type: "local.placed"; clientMessageId: string; conversationId: string }
  | { type: "local.send_failed"; clientMessageId: string; error: ErrorInfo }
  | { type: "local.discarded"; clientMessageId: string }
  | { type: "local.stopping"; ticketId: string }
  | { type: "local.conversations"; items: Conversation[] }
  | { type: "local.conversation_deleted"; conversationId: string }
  | {
      type: "local.messages";
      conversationId: string;
      items: ThreadMessage[];
      next: string | null;
      leafId?: string | null;
      /** True: an older page was added; false: the newest page was read. */
      older: boolean;
    }
  | { type: "local.followed"; ticket: TicketView }
  | { type: "local.edited"; message: ThreadMessage }
  | { type: "local.attachment"; attachment: Attachment }
  | { type: "local.read"; conversationId: string; seq: number }
  | { type: "local.rated"; conversationId: string; messageId: string; feedback: Feedback | null };

export type ChatEvent = (ServerFrame & { at?: number }) | LocalEvent;
export type { Complete };

export const LIVE_PHASES: ReadonlySet<Phase> = new Set(["held", "queued", "processing", "streaming", "unknown"]);
export const WAITING_PHASES: ReadonlySet<Phase> = new Set(["held", "queued"]);

export function emptyState(): ChatState {
  return { userId: null, conversations: {}, deleted: {}, threads: {}, tickets: {}, outbox: [], attachments: {}, typing: {} };
}

export function newTicket(id: string): TicketView {
  return {
    id,
    conversationId: null,
    questionId: null,
    phase: "unknown",
    position: null,
    from: 0,
    eta: null,
    etaAt: 0,
    note: null,
    reason: null,
    attempt: 0,
    text: "",
    length: 0,
    toolCalls: [],
    error: null,
    retry: false,
    stopping: false,
    gap: false,
  };
}
