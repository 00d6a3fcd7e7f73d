import { ApiError, errorFrom, unreachable } from "./errors";
import type { Credentials } from "./credentials";

/** JSON over HTTP with a token of the one who asks; a refused token is refreshed and the request sent once more. */
export class Http {
  constructor(
    readonly credentials: Credentials,
    private readonly baseUrl = "",
  ) {}

  get<T>(path: string, query: Record<string, string | number | boolean | null | undefined> = {}): Promise<T> {
    return this.json<T>("GET", withQuery(path, query));
  }

  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.fetch(path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** A successful response; everything else is thrown as `ApiError`. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const token = await this.credentials.token();
    let response = await this.once(path, init, token);
    if (response.status === 401 && token) {
      const fresh = await this.credentials.token(token);
      if (fresh) response = await this.once(path, init, fresh);
    }
    if (!response.ok) throw errorFrom(response.status, await response.text());
    return response;
  }

  private async once(path: string, init: RequestInit, token: string | null): Promise<Response> {
    const headers = new Headers(init.headers);
    if (token) headers.set("authorization", `Bearer ${token}`);
    try {
      return await fetch(this.baseUrl + path, { ...init, headers });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw unreachable() satisfies ApiError;
    }
  }
}

function withQuery(path: string, query: Record<string, string | number | boolean | null | undefined>): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") parts.set(name, String(value));
  }
  const text = parts.toString();
  return text ? `${path}?${text}` : path;
}
