import type { Credentials } from "./credentials";
import { ApiError, errorFrom } from "./errors";
import type { Attachment } from "./generated/frames";
import { sendResumably } from "./resumable";
import { aborted, deliver } from "./sending";

export interface Upload {
  done: Promise<Attachment>;
  /** Stops sending; `done` rejects with code `aborted`. What the server has of the file is removed there. */
  abort: () => void;
}

export interface UploadOptions {
  baseUrl?: string;
  /** True: the connection broke, and it is tried again; false: it goes on. */
  onWaiting?: (waiting: boolean) => void;
  /** Give up after so long without anything getting through. */
  patienceMs?: number;
}

const PATIENCE_MS = 120_000;
/** Sent anew if it breaks off: going on would cost more round trips than it saves. */
const SMALL_BYTES = 8 * 1024 * 1024;

/**
 * Sends a file, telling the fraction sent (0 to 1). A large one goes on where it broke off, a small one is begun again
 * so that it then does.
 */
export function upload(
  credentials: Credentials,
  file: File,
  onProgress: (fraction: number) => void,
  { baseUrl = "", onWaiting = () => undefined, patienceMs = PATIENCE_MS }: UploadOptions = {},
): Upload {
  const abort = new AbortController();
  const { signal } = abort;
  const url = `${baseUrl}/api/v1/attachments`;
  const resumably = () => sendResumably({ credentials, file, url, signal, onProgress, onWaiting, patienceMs });
  const small = file.size < SMALL_BYTES;
  const done = small ? atOnce(url, credentials, file, onProgress, signal).catch(goOn) : resumably();

  function goOn(error: unknown): Promise<Attachment> {
    if (!(error instanceof ApiError) || error.code !== "unreachable") throw error;
    onWaiting(true);
    return resumably();
  }

  return { done, abort: () => abort.abort() };
}

async function atOnce(
  url: string,
  credentials: Credentials,
  file: File,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<Attachment> {
  const token = await credentials.token();
  if (signal.aborted) throw aborted();
  const body = new FormData();
  body.set("file", file, file.name);
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  // What multipart says around the file counts, too.
  const onSent = (bytes: number) => onProgress(Math.min(1, bytes / Math.max(1, file.size)));
  const { status, text } = await deliver({ method: "POST", url, headers: headers as Record<string, string>, body, onSent, signal });
  if (status < 200 || status >= 300) throw errorFrom(status, text);
  onProgress(1);
  return JSON.parse(text) as Attachment;
}
