// Made from libs/tokenline/contracts by `make types`; a test fails when it is stale. Do not edit.

export type AttachmentKind = "document" | "image";

export type AttachmentState = "uploading" | "queued" | "extracting" | "embedding" | "indexed" | "failed";

export type AuditAction = "ticket.cancel" | "ticket.bump" | "ticket.demote" | "ticket.move" | "dead_letter.retry" | "dead_letter.discard" | "pool.pause" | "pool.resume" | "worker.drain";

export type DeliveryState = "pending" | "delivered" | "failed" | "dropped";

export type FeedbackReason = "incorrect" | "incomplete" | "off_topic" | "style" | "unsafe";

export type FollowUp = "queue" | "interrupt" | "reject";

export type HoldReason = "earlier_message" | "user_limit" | "indexing" | "retrying";

export type LimitName = "messages" | "tokens" | "uploads" | "conversations" | "searches" | "sign_ins" | "registrations";

export type MessageStatus = "sent" | "complete" | "cancelled" | "incomplete";

export type Outcome = "done" | "unchanged";

export type Rating = "up" | "down";

export type Role = "user" | "admin";

export type Scope = "read" | "chat" | "admin";

export type TicketState = "held" | "queued" | "processing" | "streaming" | "complete" | "cancelled" | "error";

export type TitleSource = "user" | "question" | "exchange";

export type Whose = "user" | "api_key" | "account" | "address";

/** The question is stored and will be answered, whatever happens. */
export interface Accepted {
  type: "accepted";
  ticket_id: string;
  conversation_id: string;
  client_message_id: string | null;
  message: SharedMessage;
  answer_id: string;
}

/** Answer of every action. */
export interface ActionAnswer {
  outcome: Outcome;
  ticket: TicketNow | null;
}

/** The socket is authenticated as an administrator's. */
export interface AdminReady {
  type: "ready";
  user_id: string;
}

/** What a user may know of an agent. */
export interface AgentCard {
  id: string;
  name: string;
  description: string;
  capabilities: string[];
  pool: string;
}

export interface AgentPage {
  items: AgentCard[];
  next: string | null;
}

/** A call that an answer made. */
export interface AnswerCall {
  id: string;
  name: string;
  arguments: string;
  outcome: ToolOutcome | null;
}

export interface ApiKeyCard {
  id: string;
  name: string;
  created_at: number;
  scopes: Scope[];
  expires_at: number | null;
  used_at: number | null;
  limits: Limits;
}

export interface ApiKeyPage {
  items: ApiKeyCard[];
  next: string | null;
}

/** A question, and the ticket that it took. */
export interface Asked {
  message: ServedMessage;
  ticket: TicketStatus;
}

export interface Attachment {
  id: string;
  owner_id: string;
  conversation_id: string | null;
  name: string;
  size_bytes: number;
  mime_type: string;
  state: AttachmentState;
  error: ErrorInfo | null;
  pages: number | null;
  chunks: number | null;
  created_at: number;
  version: number;
  kind: AttachmentKind;
  document: DocumentInfo | null;
  picture: PictureInfo | null;
  warning: string | null;
  progress: ReadingProgress | null;
  url: string | null;
  fetch_due_at: number | null;
}

/** A file of the user was stored, moved on, was indexed or failed. */
export interface AttachmentFrame {
  type: "attachment";
  attachment: Attachment;
}

/** One action of an administrator, written down before it is carried out. */
export interface AuditEntry {
  id: string;
  at: number;
  actor_id: string;
  actor: string;
  action: AuditAction;
  target: string;
  detail: Record<string, unknown>;
  outcome: string | null;
}

/** Answer of `GET /api/v1/admin/audit`, latest first. */
export interface AuditLog {
  items: AuditEntry[];
  next: string | null;
}

/** First frame on a socket that was opened without credentials; due within 10 s. */
export interface Auth {
  type: "auth";
  token: string;
}

/** Sent at most once a second, and only when something changed. */
export interface Board {
  type: "board";
  at: number;
  pools: PoolCard[];
  workers: WorkerRow[];
  broker_connected: boolean;
  drift: number | null;
}

/** Stop, at whatever stage: the text so far is kept. */
export interface Cancel {
  type: "cancel";
  ticket_id: string;
}

/** Terminal. */
export interface Cancelled {
  type: "cancelled";
  ticket_id: string;
  message_id: string | null;
}

/** A passage an answer rests on; `number` is the `[n]` in the answer's text. */
export interface Citation {
  number: number;
  attachment_id: string;
  name: string;
  page: number | null;
  start: number;
  end: number;
  passage: string;
  similarity: number;
  section: string | null;
}

/** Terminal. `message` is the stored answer; its `content` is empty when the client already has the text. */
export interface Complete {
  type: "complete";
  ticket_id: string;
  attempt: number;
  length: number;
  message: SharedMessage;
}

export interface Conversation {
  id: string;
  owner_id: string;
  agent_id: string;
  title: string;
  title_from: TitleSource;
  archived: boolean;
  follow_up: FollowUp;
  leaf_id: string | null;
  answer_seq: number;
  read_seq: number;
  temporary: boolean;
  created_at: number;
  updated_at: number;
}

/** A conversation of the user appeared or changed, on any device. */
export interface ConversationFrame {
  type: "conversation";
  conversation: Conversation;
  deleted: boolean;
}

/** Latest first. */
export interface ConversationPage {
  items: Conversation[];
  next: string | null;
}

/** A ticket that was given up after its last attempt. */
export interface DeadLetter {
  ticket_id: string;
  user: string;
  agent: string;
  pool: string;
  attempts: number;
  error: ErrorInfo | null;
  created_at: number;
  ended_at: number | null;
}

/** Answer of `GET /api/v1/admin/dead-letters`, latest first. */
export interface DeadLetterPage {
  items: DeadLetter[];
  next: string | null;
  in_queue: number | null;
}

/** How telling a webhook of the end of a ticket went. */
export interface DeliveryCard {
  ticket_id: string;
  webhook_id: string;
  state: DeliveryState;
  attempts: number;
  due_at: number | null;
  status: number | null;
  error: string | null;
  created_at: number;
  attempted_at: number | null;
}

/** Latest end first. */
export interface DeliveryPage {
  items: DeliveryCard[];
  next: string | null;
}

/** Append `text` at `offset`. The first one of an attempt means the state STREAMING. */
export interface DeltaFrame {
  type: "delta";
  ticket_id: string;
  attempt: number;
  offset: number;
  text: string;
}

/** What a document says of itself, on one line each; `None`: nothing. */
export interface DocumentInfo {
  title: string | null;
  author: string | null;
  created: string | null;
  language: string | null;
}

/** Put another text in place of a question that still waits; it keeps its place. Answered with `edited`. */
export interface Edit {
  type: "edit";
  ticket_id: string;
  content: string;
}

/** A waiting question has another text, sent to every socket of its owner. */
export interface Edited {
  type: "edited";
  ticket_id: string;
  message: SharedMessage;
}

/** With `ticket_id`: terminal for that ticket. Without: the frame that was sent is at fault, nothing was done. */
export interface ErrorFrame {
  type: "error";
  error: ErrorInfo;
  ticket_id: string | null;
  client_message_id: string | null;
  retry: boolean;
  refused: Refused | null;
}

/** An error as stored with a ticket and as sent to clients. */
export interface ErrorInfo {
  code: string;
  message: string;
  detail: Record<string, unknown>;
}

/** Seconds until the first token; sent only when there is something to reckon from. */
export interface Eta {
  soonest_s: number;
  likely_s: number;
  worst_s: number;
}

/** One per answer; a later one takes the place of the earlier. */
export interface Feedback {
  rating: Rating;
  reasons: FeedbackReason[];
  comment: string | null;
  at: number;
}

/** An answer was rated on any device; `feedback` `null`: that was taken back. */
export interface FeedbackFrame {
  type: "feedback";
  conversation_id: string;
  message_id: string;
  feedback: Feedback | null;
}

/** Answer of `GET /api/v1/admin/feedback`, latest first. */
export interface FeedbackLog {
  items: FeedbackRow[];
  next: string | null;
}

/** What somebody said of an answer. Neither question nor answer are shown: they are between user and agent. */
export interface FeedbackRow {
  message_id: string;
  conversation_id: string;
  user: string;
  agent: string;
  feedback: Feedback;
}

/** A link to one's own file. Whoever has it can download that file, and nothing else, until then. */
export interface FileLink {
  url: string;
  expires_at: number;
}

/** Follow every live ticket of a conversation and those to come. */
export interface Follow {
  type: "follow";
  conversation_id: string;
}

/** Best first. */
export interface FoundPassage {
  content: string;
  similarity: number;
  source: PassageSource;
}

export interface FoundPassagePage {
  items: FoundPassage[];
  next: string | null;
}

/** Waits for `reason`; `position` is the rank it would get if it were released. */
export interface Held {
  type: "held";
  ticket_id: string;
  reason: string;
  position: number;
}

/** Answer of `GET /api/v1/admin/history`: a point per pool and 5 s over the last hour, oldest first. */
export interface HistoryPage {
  items: HistoryPoint[];
  next: string | null;
}

export interface HistoryPoint {
  at: number;
  pool: string;
  waiting: number;
  running: number;
}

/** What became of each conversation of the document, in its order. */
export interface ImportReport {
  items: ImportedConversation[];
}

export interface ImportedConversation {
  conversation_id: string;
  title: string;
  messages: number;
  known: boolean;
}

/** At most `max` in any `per_s` seconds. 0: without limit. */
export interface Limit {
  max: number;
  per_s: number;
}

/** What holds for one user or API key. `null`: what holds for everybody. */
export interface Limits {
  messages: Limit | null;
  tokens: Limit | null;
  uploads: Limit | null;
  conversations: Limit | null;
  searches: Limit | null;
}

/** The first page of the whole line, with its length. */
export interface LineFrame {
  type: "line";
  at: number;
  items: LineItem[];
  total: number;
}

/** One live ticket as the administrator sees it. */
export interface LineItem {
  ticket_id: string;
  user: string;
  agent: string;
  pool: string;
  priority: number;
  state: TicketState;
  reason: string | null;
  position: number | null;
  age_s: number;
  eta: Eta | null;
  created_at: number;
}

/** Answer of `GET /api/v1/admin/line`. */
export interface LinePage {
  items: LineItem[];
  next: string | null;
}

/** Query of `GET /api/v1/admin/line`; `None` does not filter. */
export interface LineQuery {
  pool: string | null;
  user: string | null;
  state: TicketState | null;
  cursor: string | null;
  limit: number;
}

/** Whose credential this is. */
export interface Me {
  id: string;
  email: string;
  role: Role;
  tier: number;
  via: "api_key" | "password";
  has_password: boolean;
}

/** Oldest first; `next` leads to earlier ones. */
export interface MessagePage {
  items: ServedMessage[];
  next: string | null;
  leaf_id: string | null;
}

/** The one time that the key itself is shown. */
export interface NewApiKey {
  id: string;
  name: string;
  created_at: number;
  scopes: Scope[];
  expires_at: number | null;
  used_at: number | null;
  limits: Limits;
  key: string;
}

export interface PassageSource {
  attachment_id: string;
  name: string;
  page: number | null;
  start: number;
  end: number;
  section: string | null;
}

/** In pixels, as it is shown: turned as the camera said. */
export interface PictureInfo {
  width: number;
  height: number;
  thumbnail: boolean;
  view: boolean;
}

/** Are you there? */
export interface Ping {
  type: "ping";
  id?: number;
}

/** Answers a ping with its `id`. */
export interface Pong {
  type: "pong";
  id: number;
}

/** One pool at a glance. Waits are of tickets claimed of late; rates count the last minute. */
export interface PoolCard {
  pool: string;
  waiting: number;
  depth_by_priority: Record<string, number>;
  held: number;
  running: number;
  slots: number;
  workers: number;
  paused: boolean;
  wait_p50_s: number | null;
  wait_p95_s: number | null;
  arrivals_per_min: number;
  services_per_min: number;
  eta: Eta | null;
  oldest_age_s: number | null;
}

/** Answer of `GET /api/v1/admin/pools`. */
export interface PoolPage {
  items: PoolCard[];
  next: string | null;
}

/** What the caller would meet by asking now. */
export interface PoolStatus {
  pool: string;
  waiting: number;
  running: number;
  slots: number;
  workers: number;
  eta: Eta | null;
}

export interface PoolStatusPage {
  items: PoolStatus[];
  next: string | null;
}

/** It moved; the fields are those of `queued`. */
export interface Position {
  type: "position";
  ticket_id: string;
  position: number;
  eta: Eta | null;
  note: string | null;
}

/** A worker has it; no text yet. */
export interface Processing {
  type: "processing";
  ticket_id: string;
  attempt: number;
}

export interface ProviderButton {
  label: string;
  start: string;
}

/** What strangers see of a message. No ids, no owner, nothing of tools. */
export interface PublicMessage {
  role: "assistant" | "user";
  content: string;
  status: MessageStatus;
  files: SharedFile[];
  sources: SharedSource[];
  created_at: number;
}

/** A shared conversation. Oldest first; `next` leads to earlier messages. */
export interface PublicShare {
  title: string;
  agent: string;
  shared_at: number;
  items: PublicMessage[];
  next: string | null;
}

/**
 * In the broker's queue, `position` tickets will be served before it. `note` explains a position that grew,
 * a missing worker or an unavailable broker.
 */
export interface Queued {
  type: "queued";
  ticket_id: string;
  position: number;
  eta: Eta | null;
  note: string | null;
}

/**
 * The user has read a conversation up to this message, by its `seq`. Never goes back; answered to every socket
 * of the user with `conversation`, if it is news.
 */
export interface Read {
  type: "read";
  conversation_id: string;
  seq: number;
}

/** Told while a long file is read, never stored. `done` and `of` count pages of the document. */
export interface ReadingProgress {
  done: number;
  of: number;
  share: number;
}

/** The socket is authenticated. `live` lists the user's tickets that are not finished yet. */
export interface Ready {
  type: "ready";
  user_id: string;
  heartbeat_s: number;
  live: string[];
}

/** Which frame was at fault. */
export interface Refused {
  type: string;
  ticket_id: string | null;
  conversation_id: string | null;
}

/** Drop the text of earlier attempts: it is answered again from the beginning. */
export interface Restarted {
  type: "restarted";
  ticket_id: string;
  attempt: number;
}

/** Go on following a ticket from where this client is. */
export interface Resume {
  type: "resume";
  ticket_id: string;
  attempt?: number;
  offset?: number;
}

/** A conversation by its title, or a message by its text. Text is text, never HTML. */
export interface SearchHit {
  conversation_id: string;
  title: string;
  agent_id: string;
  archived: boolean;
  message_id: string | null;
  role: "assistant" | "user" | null;
  snippet: string;
  highlights: number[][];
  created_at: number;
}

/** Titles first, then messages; of each the latest first. */
export interface SearchPage {
  items: SearchHit[];
  next: string | null;
}

/** Ask a question. The same `client_message_id` again gives the same ticket again. */
export interface Send {
  type: "send";
  client_message_id: string;
  content: string;
  conversation_id?: string | null;
  agent_id?: string | null;
  attachment_ids?: string[];
  parent_id?: string | null;
  instead_of?: string | null;
}

/** A message with its attachments in full. */
export interface ServedMessage {
  id: string;
  conversation_id: string;
  owner_id: string;
  role: "assistant" | "system" | "user";
  content: string;
  status: MessageStatus;
  seq: number;
  parent_id: string | null;
  depth: number;
  ticket_id: string | null;
  client_message_id: string | null;
  attachment_ids: string[];
  citations: Citation[];
  unread: UnreadFile[];
  tool_calls: AnswerCall[];
  finish_reason: string | null;
  usage: Usage | null;
  feedback: Feedback | null;
  created_at: number;
  attachments: Attachment[];
  tokens_used: number | null;
  alternatives: string[];
}

/** A conversation as it was: its path down to one message. Whoever has the token may read that. */
export interface Share {
  id: string;
  token: string;
  owner_id: string;
  conversation_id: string;
  message_id: string;
  title: string;
  created_at: number;
}

/** Latest first. */
export interface SharePage {
  items: Share[];
  next: null;
}

/** A file by its name; there is no way to its content. */
export interface SharedFile {
  name: string;
}

/** What everybody who may read a message sees of it. */
export interface SharedMessage {
  id: string;
  conversation_id: string;
  owner_id: string;
  role: "assistant" | "system" | "user";
  content: string;
  status: MessageStatus;
  seq: number;
  parent_id: string | null;
  depth: number;
  ticket_id: string | null;
  client_message_id: string | null;
  attachment_ids: string[];
  citations: Citation[];
  unread: UnreadFile[];
  tool_calls: AnswerCall[];
  finish_reason: string | null;
  usage: Usage | null;
  feedback: Feedback | null;
  created_at: number;
}

/** What an answer rests on, without the passage. */
export interface SharedSource {
  number: number;
  name: string;
  page: number | null;
  section: string | null;
}

/** One browser or program that is signed in. */
export interface SignInCard {
  id: string;
  created_at: number;
  used_at: number;
  agent: string;
  current: boolean;
}

/** How one can sign in here; a password always serves those who have one. */
export interface SignInMethods {
  registration_open: boolean;
  oidc: ProviderButton | null;
}

/** Used last first. */
export interface SignInPage {
  items: SignInCard[];
  next: string | null;
}

/** Replace the text by this one. `recovered` false: what the client had could not be continued. */
export interface Snapshot {
  type: "snapshot";
  ticket_id: string;
  attempt: number;
  text: string;
  recovered: boolean;
}

/** Opens one socket, once. */
export interface SocketTicket {
  ticket: string;
  expires_in: number;
}

/** A ticket after an action on it. */
export interface TicketNow {
  id: string;
  state: TicketState;
  pool: string;
  priority: number;
}

/** A ticket with its place in line and, once it has ended, its answer. */
export interface TicketStatus {
  id: string;
  conversation_id: string;
  state: TicketState;
  attempt: number;
  pool: string;
  priority: number;
  position: number | null;
  reason: HoldReason | null;
  eta: Eta | null;
  answer_id: string;
  answer: ServedMessage | null;
  error: ErrorInfo | null;
}

/** What a sign-in gives: a short access token and the refresh token that gets the next pair, once. */
export interface TokenPair {
  access_token: string;
  refresh_token: string;
  token_type: string;
  expires_in: number;
}

/** A tool is used on our side while the answer is written: one frame when that begins, one when it is over. */
export interface ToolCallFrame {
  type: "tool_call";
  ticket_id: string;
  attempt: number;
  call_id: string;
  name: string;
  status: "completed" | "failed" | "started";
  detail: ToolDetail;
}

/** A call as it is shown: with what, and once it is over what came of it. */
export interface ToolDetail {
  arguments: string;
  summary: string | null;
  duration_s: number | null;
}

/** What became of a call. */
export interface ToolOutcome {
  status: "completed" | "failed";
  summary: string;
  duration_s: number;
}

/** Answer of `GET /api/v1/admin/truth`. */
export interface TruthPage {
  items: TruthRow[];
  next: string | null;
}

/** One pool's waiting tickets, counted where each part keeps them. */
export interface TruthRow {
  pool: string;
  store: number;
  broker: number | null;
  ledger: number;
  void: number | null;
  drift: number | null;
}

/** The user is writing a question on another device; to be shown for 5 s. */
export interface Typed {
  type: "typed";
  conversation_id: string;
}

/** The user is writing a question. Told to the user's other sockets, at most every 2 s of each socket. */
export interface Typing {
  type: "typing";
  conversation_id: string;
}

/** A file that was given but has no text to offer. `reason` is a sentence for people. */
export interface UnreadFile {
  name: string;
  reason: string;
}

/** What an answer cost. `estimated` when the model did not report it. */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  estimated: boolean;
}

/** How much of a limit is used. */
export interface Used {
  name: LimitName;
  of: Whose;
  max: number;
  per_s: number;
  used: number;
  remaining: number;
  reset_at: number | null;
  next_at: number | null;
}

/** The caller's limits; what is without limit is left out. */
export interface UsedPage {
  items: Used[];
  next: string | null;
}

/** A registered address, as its owner sees it. */
export interface WebhookCard {
  id: string;
  url: string;
  created_at: number;
  rotated_at: number | null;
}

export interface WebhookPage {
  items: WebhookCard[];
  next: string | null;
}

/** The one time that the secret is shown. */
export interface WebhookSecret {
  id: string;
  url: string;
  created_at: number;
  rotated_at: number | null;
  secret: string;
}

/** Answer of `GET /api/v1/admin/workers`. */
export interface WorkerPage {
  items: WorkerRow[];
  next: string | null;
}

export interface WorkerRow {
  worker_id: string;
  pool: string;
  slots: number;
  busy: number;
  draining: boolean;
  seen_s_ago: number;
}

export type ClientFrame =
  | Auth
  | Send
  | Cancel
  | Edit
  | Resume
  | Follow
  | Read
  | Typing
  | Ping;

export type ServerFrame =
  | Ready
  | Accepted
  | Held
  | Queued
  | Position
  | Processing
  | DeltaFrame
  | ToolCallFrame
  | Restarted
  | Snapshot
  | Complete
  | Cancelled
  | ErrorFrame
  | ConversationFrame
  | Typed
  | FeedbackFrame
  | Edited
  | AttachmentFrame
  | Pong;

export type AdminClientFrame =
  | Auth
  | Ping;

export type AdminServerFrame =
  | AdminReady
  | Board
  | LineFrame
  | ErrorFrame
  | Pong;
