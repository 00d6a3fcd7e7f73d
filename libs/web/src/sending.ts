import { ApiError, unreachable } from "./errors";

/** One request whose body may be large. */
export interface Outgoing {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: Blob | FormData;
  /** Hears how many bytes of the body are sent. */
  onSent?: (bytes: number) => void;
  signal: AbortSignal;
}

/** What came back, whatever its status. */
export interface Reply {
  status: number;
  text: string;
  header: (name: string) => string | null;
}

/** So long without a sign of life, a connection is taken for dead. */
const STALLED_MS = 30_000;

/**
 * By XMLHttpRequest where there is one, because `fetch` does not report upload progress and its request streams need
 * HTTP/2; elsewhere only the end is told. Throws `ApiError`: `unreachable` or `aborted`.
 */
export function deliver(outgoing: Outgoing): Promise<Reply> {
  return globalThis.XMLHttpRequest ? byXhr(outgoing) : byFetch(outgoing);
}

export function aborted(): ApiError {
  return new ApiError(0, { code: "aborted", message: "The upload was stopped.", detail: {} });
}

function byXhr({ method, url, headers, body, onSent, signal }: Outgoing): Promise<Reply> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(aborted());
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    let timer: ReturnType<typeof setTimeout>;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(stop, STALLED_MS);
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => {
      alive();
      onSent?.(loaded);
    };
    request.onload = () =>
      resolve({ status: request.status, text: request.responseText, header: (name) => request.getResponseHeader(name) });
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(signal.aborted ? aborted() : unreachable());
    request.onloadend = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    };
    signal.addEventListener("abort", stop);
    alive();
    request.send(body ?? null);
  });
}

async function byFetch({ method, url, headers, body, onSent, signal }: Outgoing): Promise<Reply> {
  try {
    const response = await fetch(url, { method, headers, signal, body: body ?? null });
    const text = await response.text();
    if (body instanceof Blob) onSent?.(body.size);
    return { status: response.status, text, header: (name) => response.headers.get(name) };
  } catch {
    throw signal.aborted ? aborted() : unreachable();
  }
}
