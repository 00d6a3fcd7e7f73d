export { AccountApi } from "./account";
export { Answer, type AnswerEvent, newsOf } from "./answer";
export { Api } from "./api";
export { backoffS } from "./backoff";
export { ChatClient, type ChatOptions, type Outbox } from "./chat";
export { ApiKey, type Credentials } from "./credentials";
export { afterCodePoints, codePointLength } from "./codepoints";
export { ApiError, messageOf } from "./errors";
export type * from "./generated/frames";
export { Http } from "./http";
export { type KeyValue, Session, type SignInState } from "./session";
export { Library, pieces, readShare } from "./library";
export { LiveSocket, type SocketState, socketUrl } from "./socket";
export { alternativesOf } from "./state/paths";
export { countUnread, isUnread, TYPING_MS } from "./state/presence";
export { reduce } from "./state/reducer";
export { cameBack, countInLine, goneFiles, liveTickets, type Row, rowsOf, wasBusy, wasLimited, wholeTicket } from "./state/rows";
export { threadOf } from "./state/threads";
export {
  type ChatEvent,
  type ChatState,
  emptyState,
  LIVE_PHASES,
  newTicket,
  type Outgoing,
  type Phase,
  type Thread,
  type ThreadMessage,
  type TicketView,
  type ToolCallView,
  WAITING_PHASES,
} from "./state/types";
export { connect, type ConnectOptions, type HeaderSocket, type Question, Tokenline } from "./tokenline";
export { type Upload, type UploadOptions, upload } from "./upload";
