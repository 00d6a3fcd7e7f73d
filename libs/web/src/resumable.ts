import type { Credentials } from "./credentials";
import { ApiError, errorFrom } from "./errors";
import type { Attachment } from "./generated/frames";
import { aborted, deliver, type Outgoing, type Reply } from "./sending";

export interface Sending {
  credentials: Credentials;
  file: File;
  /** Of `/api/v1/attachments`. */
  url: string;
  signal: AbortSignal;
  /** The fraction that is sent, 0 to 1. After a break it may go back. */
  onProgress: (fraction: number) => void;
  /** True: the connection broke, and it is tried again; false: it goes on. */
  onWaiting: (waiting: boolean) => void;
  /** So long nothing more got through: the last error is thrown. */
  patienceMs: number;
}

const TUS = { "tus-resumable": "1.0.0" };
const MEDIA = "application/offset+octet-stream";
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** Where progress is not told within a request, it is told after each of this size. */
const STEP_BYTES = globalThis.XMLHttpRequest ? Infinity : 4 * 1024 * 1024;

/**
 * Sends a file so that it goes on where it broke off (tus 1.0). Aborted, it is removed from the server, too. Throws
 * `ApiError`: what the server refuses, `aborted`, or what it was when patience ended.
 */
export async function sendResumably(sending: Sending): Promise<Attachment> {
  const upload = new Resumable(sending);
  try {
    return await upload.run();
  } catch (error) {
    if (sending.signal.aborted) void upload.remove();
    throw error;
  }
}

class Resumable {
  private readonly size: number;
  /** On the server; `null`: not begun. */
  private where: string | null = null;
  private offset = 0;
  /** Whether the server has `offset` bytes, for all that is known here. */
  private sure = true;
  private begun = 0;

  constructor(private readonly sending: Sending) {
    this.size = sending.file.size;
  }

  async run(): Promise<Attachment> {
    let since = Date.now();
    let failures = 0;
    let reached = 0;
    for (;;) {
      try {
        const step = await this.step();
        if (step) return step;
      } catch (error) {
        if (!(error instanceof ApiError) || !this.passes(error)) throw error;
        this.sure = false;
        if (Date.now() - since > this.sending.patienceMs) throw error;
        this.sending.onWaiting(true);
        await this.pause((error.retryAfterS ?? 0) * 1000 || delay(failures++));
      }
      if (this.offset > reached) {
        reached = this.offset;
        since = Date.now();
        failures = 0;
      }
    }
  }

  /** Best effort: what is left is removed by the server a day later. */
  async remove(): Promise<void> {
    if (this.where === null) return;
    const signal = new AbortController().signal;
    await this.ask({ method: "DELETE", url: this.where, headers: TUS, signal }).catch(() => undefined);
  }

  private async step(): Promise<Attachment | null> {
    const { signal, url, onWaiting, onProgress } = this.sending;
    if (this.where === null) await this.begin();
    else if (!this.sure) {
      this.take(await this.ask({ method: "HEAD", url: this.where, headers: TUS, signal }));
      this.sure = true;
    } else if (this.offset < this.size) await this.append(this.where);
    else {
      const id = this.where.slice(this.where.lastIndexOf("/") + 1);
      const { text } = await this.ask({ method: "GET", url: `${url}/${id}`, headers: {}, signal });
      return JSON.parse(text) as Attachment;
    }
    onWaiting(false);
    onProgress(this.offset / this.size);
    return null;
  }

  private async begin(): Promise<void> {
    const { url, signal, file } = this.sending;
    const headers = { ...TUS, "upload-length": `${this.size}`, "upload-metadata": `filename ${base64(file.name)}` };
    const reply = await this.ask({ method: "POST", url: `${url}/uploads`, headers, signal });
    // As the server is addressed here, which may differ from how it is addressed there.
    this.where = `${url}/uploads/${(reply.header("location") ?? "").split("/").pop()}`;
    this.begun++;
    this.offset = 0;
    this.sure = true;
  }

  private async append(where: string): Promise<void> {
    const { signal, file, onProgress } = this.sending;
    const from = this.offset;
    const headers = { ...TUS, "upload-offset": `${from}`, "content-type": MEDIA };
    const body = file.slice(from, Math.min(this.size, from + STEP_BYTES));
    const onSent = (bytes: number) => onProgress((from + bytes) / this.size);
    this.take(await this.ask({ method: "PATCH", url: where, headers, signal, body, onSent }));
  }

  private take(reply: Reply): void {
    this.offset = Number(reply.header("upload-offset"));
  }

  /** Once more with another token where the first is refused. Throws `ApiError` for every refusal. */
  private async ask(outgoing: Outgoing): Promise<Reply> {
    const { credentials } = this.sending;
    let token = await credentials.token();
    for (let last = false; ; last = true) {
      const headers = { ...outgoing.headers, authorization: `Bearer ${token}` };
      const reply = await deliver({ ...outgoing, headers });
      if (reply.status < 400) return reply;
      if (reply.status !== 401 || last || token === null) throw errorFrom(reply.status, reply.text);
      token = await credentials.token(token);
    }
  }

  /** Whether it may be better by and by. */
  private passes({ status, code }: ApiError): boolean {
    if (code === "aborted") return false;
    if (status === 404 && this.where !== null && this.begun < 2) {
      // It expired, or its file store was lost: from the beginning.
      this.where = null;
      return true;
    }
    if (this.where !== null && (status === 409 || status === 423 || status === 429)) return true;
    return status === 0 || status === 408 || (status >= 500 && status !== 507);
  }

  /** Shorter when the network comes back. */
  private pause(ms: number): Promise<void> {
    const { signal } = this.sending;
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        globalThis.removeEventListener?.("online", end);
        if (signal.aborted) reject(aborted());
        else resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end);
      globalThis.addEventListener?.("online", end);
      if (signal.aborted) end();
    });
  }
}

/** With jitter: many may have been cut off by one cause. */
function delay(failures: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures) * (0.75 + Math.random() / 2);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text.slice(-500))));
}
