import { ApiError, errorFrom, unreachable } from "./errors";
import type { Attachment } from "./generated/frames";
import type { Credentials } from "./credentials";

export interface Upload {
  done: Promise<Attachment>;
  /** Stops sending; `done` rejects with code `aborted`. */
  abort: () => void;
}

/**
 * Sends a file, telling the fraction sent (0 to 1). By XMLHttpRequest where there is one, because `fetch` does not
 * report upload progress and its request streams need HTTP/2; elsewhere only the end is told.
 */
export function upload(
  credentials: Credentials,
  file: File,
  onProgress: (fraction: number) => void,
  baseUrl = "",
): Upload {
  const abort = new AbortController();
  const done = credentials
    .token()
    .then((token) => (globalThis.XMLHttpRequest ? send : fetched)(`${baseUrl}/api/v1/attachments`, token, file, onProgress, abort.signal));
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

async function fetched(
  url: string,
  token: string | null,
  file: File,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<Attachment> {
  const body = new FormData();
  body.set("file", file, file.name);
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(url, { method: "POST", headers, body, signal }).catch(() => {
    throw signal.aborted ? aborted() : unreachable();
  });
  const text = await response.text();
  if (!response.ok) throw errorFrom(response.status, text);
  onProgress(1);
  return JSON.parse(text) as Attachment;
}

function aborted(): ApiError {
  return new ApiError(0, { code: "aborted", message: "The upload was stopped.", detail: {} });
}
