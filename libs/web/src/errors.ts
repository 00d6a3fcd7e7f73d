import type { ErrorInfo } from "./generated/frames";

/** An answer that says no. `status` 0: the server could not be reached at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: Record<string, unknown>;

  constructor(status: number, info: ErrorInfo) {
    super(info.message);
    this.name = "ApiError";
    this.status = status;
    this.code = info.code;
    this.detail = info.detail;
  }

  get retryAfterS(): number | null {
    const value = this.detail["retry_after_s"];
    return typeof value === "number" ? value : null;
  }
}

export function unreachable(): ApiError {
  return new ApiError(0, { code: "unreachable", message: "The server cannot be reached.", detail: {} });
}

/** The error in a response's body, or a general one when the body is not ours (a proxy's page). */
export function errorFrom(status: number, body: string): ApiError {
  return new ApiError(status, parseInfo(body) ?? fallback(status));
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function parseInfo(body: string): ErrorInfo | null {
  try {
    const { error } = JSON.parse(body) as { error?: Partial<ErrorInfo> };
    if (typeof error?.code !== "string" || typeof error.message !== "string") return null;
    return { code: error.code, message: error.message, detail: error.detail ?? {} };
  } catch {
    return null;
  }
}

function fallback(status: number): ErrorInfo {
  const message = status >= 500 ? "The server has a problem. Please try again." : `The server refused (${status}).`;
  // A proxy in front of it may have a limit of its own.
  if (status === 413) return { code: "too_large", message: "This is larger than the server takes.", detail: {} };
  return { code: `http_${status}`, message, detail: {} };
}
