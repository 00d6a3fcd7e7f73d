import { ApiError, type ErrorInfo, messageOf } from "@tokenline/client";

/**
 * What to do about each error that a file can meet, behind the sentence that says what happened; `null`: that says it.
 * A test holds it against the served documents.
 */
export const REMEDIES: Record<string, string | null> = {
  // What is wrong with the file or the page.
  too_large: "Attach a smaller part of it.",
  unsupported_type: "Save it as PDF or text, then attach that.",
  encrypted: "Remove its password, then attach it again.",
  no_text: "Attach one with text in it.",
  unreadable: "Save it anew, then attach that.",
  corrupted: "Save it anew, then attach that.",
  too_complex: "Attach a smaller part of it.",
  address_refused: "Use a public address, or save the page and attach the file.",
  not_fetched: "See whether your browser opens it; save it there and attach the file.",
  // What is wrong with who sends it, or when.
  not_signed_in: null,
  token_expired: null,
  not_allowed: "Ask an administrator.",
  rate_limited: null,
  too_many_uploads: null,
  // What is wrong here.
  internal: null,
  not_found: "Attach it again.",
  store_unavailable: null,
  storage_full: null,
  search_unavailable: "Try again in a moment.",
  stopping: "Attach it again.",
  request_timeout: null,
  // What this page would have to be wrong for; a newer one may do better.
  bad_request: "Load this page again, then attach it again.",
  invalid_request: "Load this page again, then attach it again.",
  method_not_allowed: "Load this page again, then attach it again.",
  unsupported_version: "Load this page again, then attach it again.",
  uri_too_long: "Use a shorter address.",
  headers_too_large: "Give it a shorter name.",
  offset_mismatch: "Attach it again.",
  locked: null,
  range_not_satisfiable: "Download it again.",
  // What never reached a server of ours.
  unreachable: "Attach it again when the connection is back.",
};

/** Sentences that say what to do by themselves. */
const ADVISED = /\bPlease\b|\bAttach\b|\bcan be\.$/;

/** What happened, and what to do about it. */
export function advised({ code, message }: Pick<ErrorInfo, "code" | "message">): string {
  const remedy = code in REMEDIES ? REMEDIES[code] : REMEDIES["bad_request"];
  return remedy && !ADVISED.test(message) ? `${message} ${remedy}` : message;
}

export function adviceOf(error: unknown): string {
  return error instanceof ApiError ? advised(error) : messageOf(error);
}
