import { backoffS } from "./backoff";

/** `connecting` covers the first time, `reconnecting` every later one; `stopped` after `close` or without a token. */
export type SocketState = "connecting" | "open" | "reconnecting" | "stopped";

export interface SocketOptions<In> {
  url: string;
  /** A token for the first frame; `rejected` is one the server refused. `null`: signed out, stop trying. */
  token: (rejected?: string) => Promise<string | null>;
  onFrame: (frame: In) => void;
  onState: (state: SocketState) => void;
  /** Makes the socket. `signsIn`: it shows the token at the handshake, so no `auth` frame is sent. */
  create?: (url: string, token: string) => WebSocket;
  signsIn?: boolean;
  random?: () => number;
}

const PING_MS = 15_000;
const BEAT_MS = PING_MS / 3;
/** Looked at every beat, so that 30 s are never exceeded. */
const DEAD_MS = 30_000 - BEAT_MS;
const SIGNED_OUT_CODES = new Set(["token_expired", "not_signed_in"]);

interface AnyFrame {
  type: string;
  error?: { code: string };
  ticket_id?: string | null;
}

/**
 * A socket that stays: it authenticates with its first frame, pings every 15 s, is given up before nothing was heard
 * for 30 s (also when it is still being opened), and comes back after 0.5 to 8 s. Nothing is buffered while it is away: `send` says whether it was sent,
 * and whoever needs something repeated repeats it at `ready`.
 */
export class LiveSocket<In extends { type: string }, Out> {
  private socket: WebSocket | null = null;
  private state: SocketState = "connecting";
  private failures = 0;
  private pingId = 0;
  private heardAt = 0;
  private token: string | undefined;
  private rejected: string | undefined;
  private pinger: ReturnType<typeof setInterval> | undefined;
  private waiter: ReturnType<typeof setTimeout> | undefined;
  private everOpen = false;
  private stopped = true;

  constructor(private readonly options: SocketOptions<In>) {}

  open(): void {
    if (!this.stopped) return;
    this.stopped = false;
    globalThis.addEventListener?.("online", this.hurry);
    globalThis.document?.addEventListener("visibilitychange", this.hurry);
    void this.connect();
  }

  close(): void {
    this.stopped = true;
    globalThis.removeEventListener?.("online", this.hurry);
    globalThis.document?.removeEventListener("visibilitychange", this.hurry);
    clearTimeout(this.waiter);
    this.drop();
    this.become("stopped");
  }

  /** False when there is no open socket: nothing was sent. */
  send(frame: Out): boolean {
    if (this.state !== "open" || this.socket?.readyState !== 1) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Come back at once when the network does or the page is looked at again, rather than at the end of the wait. */
  private readonly hurry = (): void => {
    if (this.stopped || globalThis.document?.visibilityState === "hidden") return;
    if (this.state === "open") this.ping();
    else if (!this.socket) {
      clearTimeout(this.waiter);
      void this.connect();
    }
  };

  private async connect(): Promise<void> {
    this.become(this.everOpen ? "reconnecting" : "connecting");
    let token: string | null;
    try {
      token = await this.options.token(this.rejected);
    } catch {
      this.retry();
      return;
    }
    if (this.stopped || this.socket) return;
    if (token === null) {
      this.close();
      return;
    }
    this.token = token;
    this.start(token);
  }

  private start(token: string): void {
    const socket = (this.options.create ?? ((url) => new WebSocket(url)))(this.options.url, token);
    this.socket = socket;
    this.heardAt = Date.now();
    socket.onopen = () => {
      if (!this.options.signsIn) socket.send(JSON.stringify({ type: "auth", token }));
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      if (this.socket === socket) this.hear(event.data);
    };
    socket.onclose = (event) => {
      if (this.socket === socket) this.lost(event.code);
    };
    this.pinger = setInterval(() => this.beat(), BEAT_MS);
  }

  private hear(data: string): void {
    this.heardAt = Date.now();
    const frame = JSON.parse(data) as In & AnyFrame;
    if (frame.type === "ready") {
      this.failures = 0;
      this.rejected = undefined;
      this.everOpen = true;
      this.become("open");
    }
    if (frame.type === "error" && !frame.ticket_id && SIGNED_OUT_CODES.has(frame.error?.code ?? "")) {
      this.lost(4401);
      return;
    }
    if (frame.type !== "pong") this.options.onFrame(frame);
  }

  private lastPingAt = 0;

  private beat(): void {
    const now = Date.now();
    if (now - this.heardAt >= DEAD_MS) this.lost(1006);
    else if (now - this.lastPingAt >= PING_MS) {
      this.ping();
      void this.renew();
    }
  }

  /** An access token ends before a long stream does: the next one is told to the same socket. */
  private async renew(): Promise<void> {
    const socket = this.socket;
    const token = await this.options.token().catch(() => this.token ?? null);
    if (!token || token === this.token || socket !== this.socket || this.state !== "open") return;
    this.token = token;
    this.send({ type: "auth", token } as Out);
  }

  private ping(): void {
    this.lastPingAt = Date.now();
    this.send({ type: "ping", id: ++this.pingId } as Out);
  }

  private lost(code: number): void {
    if (code === 4401 || code === 1008) this.rejected = this.token;
    this.drop();
    if (!this.stopped) this.retry();
  }

  private retry(): void {
    this.become(this.everOpen ? "reconnecting" : "connecting");
    clearTimeout(this.waiter);
    const wait = backoffS(this.failures++, this.options.random);
    this.waiter = setTimeout(() => void this.connect(), wait * 1000);
  }

  private drop(): void {
    clearInterval(this.pinger);
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onmessage = socket.onclose = socket.onopen = null;
      socket.close();
    }
  }

  private become(state: SocketState): void {
    if (state === this.state && state !== "connecting") return;
    this.state = state;
    this.options.onState(state);
  }
}

/** The address of a socket at this page's own server. */
export function socketUrl(path: string): string {
  const url = new URL(path, globalThis.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
