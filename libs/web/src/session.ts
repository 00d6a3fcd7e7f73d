import type { Credentials } from "./credentials";
import { type ApiError, errorFrom, unreachable } from "./errors";
import type { Me, TokenPair } from "./generated/frames";

interface Stored {
  access: string;
  refresh: string;
  /** Milliseconds since 1970 on this machine's clock. */
  expiresAt: number;
  email: string;
}

/** As much of `Storage` as a session needs. */
export type KeyValue = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** `expired`: was signed in, and the server will not extend it any more. */
export type SignInState = "in" | "out" | "expired";

const KEY = "tokenline.session";
const LOCK = "tokenline.refresh";
/** Refresh this long before the end, so that a request under way does not outlive its token. */
const EARLY_MS = 30_000;

/**
 * Who is signed in, in all tabs: tokens live in localStorage, and one tab at a time refreshes them (refresh tokens
 * rotate, and using a spent one signs everybody out).
 */
export class Session implements Credentials {
  private listeners = new Set<() => void>();
  private expired = false;

  /** `storage`: where tokens are kept; outside of browsers in memory, for as long as the session lives. */
  constructor(
    private readonly baseUrl = "",
    private readonly storage: KeyValue = globalThis.localStorage ?? inMemory(),
  ) {
    globalThis.addEventListener?.("storage", (event: StorageEvent) => {
      if (event.key === KEY || event.key === null) {
        if (this.stored()) this.expired = false;
        this.tell();
      }
    });
  }

  get state(): SignInState {
    if (this.stored()) return "in";
    return this.expired ? "expired" : "out";
  }

  get email(): string | null {
    return this.stored()?.email ?? null;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  signIn(email: string, password: string): Promise<void> {
    return this.open("/api/v1/auth/login", email, password);
  }

  register(email: string, password: string): Promise<void> {
    return this.open("/api/v1/auth/register", email, password);
  }

  /** After the provider sent the browser back: for the cookie that this left, which no script can read. */
  async signInFromProvider(): Promise<void> {
    const response = await this.post("/api/v1/auth/oidc/exchange", {});
    if (!response.ok) throw errorFrom(response.status, await response.text());
    const tokens = (await response.json()) as TokenPair;
    const me = await fetch(`${this.baseUrl}/api/v1/me`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    if (!me.ok) throw errorFrom(me.status, await me.text());
    this.expired = false;
    this.keep(tokens, ((await me.json()) as Me).email);
  }

  /** Forgets the tokens here at once; the server is told, but not waited for. */
  signOut(): void {
    const stored = this.stored();
    this.forget(false);
    if (stored) {
      void this.post("/api/v1/auth/logout", { refresh_token: stored.refresh }, stored.access).catch(() => undefined);
    }
  }

  /** A valid access token, or `null` when signed out. `rejected`: a token the server just refused. */
  async token(rejected?: string): Promise<string | null> {
    const stored = this.stored();
    if (!stored) return null;
    if (stored.access !== rejected && stored.expiresAt - EARLY_MS > Date.now()) return stored.access;
    return this.alone(() => this.refresh(stored.access));
  }

  /** Throws an `ApiError` when the server cannot be reached: the sign-in itself may still be good. */
  private async refresh(seen: string): Promise<string | null> {
    const stored = this.stored();
    if (!stored) return null;
    if (stored.access !== seen) return stored.access;
    const response = await this.post("/api/v1/auth/refresh", { refresh_token: stored.refresh });
    if (response.ok) {
      const tokens = (await response.json()) as TokenPair;
      this.keep(tokens, stored.email);
      return tokens.access_token;
    }
    if (response.status >= 500 || response.status === 429) throw errorFrom(response.status, await response.text());
    this.forget(true);
    return null;
  }

  private async open(path: string, email: string, password: string): Promise<void> {
    const response = await this.post(path, { email, password });
    if (!response.ok) throw errorFrom(response.status, await response.text());
    this.expired = false;
    this.keep((await response.json()) as TokenPair, email);
  }

  private async post(path: string, body: object, token?: string): Promise<Response> {
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (token) headers["authorization"] = `Bearer ${token}`;
    try {
      return await fetch(this.baseUrl + path, { method: "POST", headers, body: JSON.stringify(body) });
    } catch {
      throw unreachable() satisfies ApiError;
    }
  }

  /** One refresh at a time over all tabs; where the browser has no locks (plain HTTP), over this tab. */
  private pending: Promise<string | null> | null = null;

  private alone(work: () => Promise<string | null>): Promise<string | null> {
    const locks = globalThis.navigator?.locks;
    this.pending ??= (locks ? locks.request(LOCK, work) : work()).finally(() => {
      this.pending = null;
    });
    return this.pending;
  }

  private stored(): Stored | null {
    const text = this.storage.getItem(KEY);
    return text ? (JSON.parse(text) as Stored) : null;
  }

  private keep(tokens: TokenPair, email: string): void {
    const stored: Stored = {
      access: tokens.access_token,
      refresh: tokens.refresh_token,
      expiresAt: Date.now() + tokens.expires_in * 1000,
      email,
    };
    this.storage.setItem(KEY, JSON.stringify(stored));
    this.tell();
  }

  private forget(expired: boolean): void {
    this.storage.removeItem(KEY);
    this.expired = expired;
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

function inMemory(): KeyValue {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}
