import { ApiError, errorFrom, unreachable } from "./errors";
import type { Attachment } from "./generated/frames";
import type { Session } from "./session";

export interface Upload {
  done: Promise<Attachment>;
  /** Stops sending; `done` rejects with code `aborted`. */
  abort: () => void;
}

/**
 * Sends a file, telling the fraction sent (0 to 1). XMLHttpRequest, because `fetch` does not report upload progress
 * and its request streams need HTTP/2.
 */
export function upload(
  session: Session,
  file: File,
  onProgress: (fraction: number) => void,
  baseUrl = "",
): Upload {
  const abort = new AbortController();
  const done = session
    .token()
    .then((token) => send(`${baseUrl}/api/v1/attachments`, token, file, onProgress, abort.signal));
  return { done, abort: () => abort.abort() };
}

function send(
  url: string,
  token: string | null,
  file: File,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<Attachment> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    if (token) request.setRequestHeader("authorization", `Bearer ${token}`);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as Attachment);
      else reject(errorFrom(request.status, request.responseText));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(aborted());
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) return reject(aborted());
    const form = new FormData();
    form.set("file", file, file.name);
    request.send(form);
  });
}

function aborted(): ApiError {
  return new ApiError(0, { code: "aborted", message: "The upload was stopped.", detail: {} });
}
