import { errorFrom, unreachable } from "./errors";
import type { ImportReport, PublicShare, SearchPage, Share, SharePage } from "./generated/frames";
import type { Http } from "./http";

const CHAT = "/api/v1/chat";

/** What a user does with conversations as a whole: find, take out, take in, share. */
export class Library {
  constructor(private readonly http: Http) {}

  /** Titles and messages, with their hits marked in code points (`pieces`). */
  search(q: string, cursor: string | null = null, limit = 20): Promise<SearchPage> {
    return this.http.get(`${CHAT}/search`, { q, cursor, limit });
  }

  /** The file, and what it is to be called. */
  async export(conversationId: string, format: "md" | "json"): Promise<{ name: string; content: Blob }> {
    return this.file(`${CHAT}/conversations/${conversationId}/export?format=${format}`, `conversation.${format}`);
  }

  async exportAll(): Promise<{ name: string; content: Blob }> {
    return this.file(`${CHAT}/export`, "conversations.json");
  }

  /** The same document again changes nothing. Throws `ApiError`; then nothing of it was taken. */
  async import(document: Blob): Promise<ImportReport> {
    const headers = { "content-type": "application/json" };
    const response = await this.http.fetch(`${CHAT}/import`, { method: "POST", body: document, headers });
    return (await response.json()) as ImportReport;
  }

  /** A link to the conversation as it is now; nothing new was said: the same one again. */
  share(conversationId: string): Promise<Share> {
    return this.http.json("POST", `${CHAT}/conversations/${conversationId}/share`);
  }

  shares(conversationId: string | null = null): Promise<SharePage> {
    return this.http.get(`${CHAT}/shares`, { conversation_id: conversationId });
  }

  revokeShare(id: string): Promise<void> {
    return this.http.json("DELETE", `${CHAT}/shares/${id}`);
  }

  /** A file that was given with a question, as it was given. */
  async attachment(id: string, name: string): Promise<{ name: string; content: Blob }> {
    return this.file(`/api/v1/attachments/${id}/content`, name);
  }

  private async file(path: string, otherwise: string): Promise<{ name: string; content: Blob }> {
    const response = await this.http.fetch(path);
    return { name: nameIn(response.headers.get("content-disposition")) ?? otherwise, content: await response.blob() };
  }
}

/** Of `Content-Disposition`. */
function nameIn(disposition: string | null): string | null {
  const encoded = /filename\*=UTF-8''([^;]+)/.exec(disposition ?? "")?.[1];
  return encoded ? decodeURIComponent(encoded) : null;
}

/** A shared conversation, for whoever has the link; earlier messages with `cursor`. */
export async function readShare(token: string, cursor: string | null = null): Promise<PublicShare> {
  const query = cursor ? `?limit=200&cursor=${encodeURIComponent(cursor)}` : "?limit=200";
  let response: Response;
  try {
    response = await fetch(`/api/public/shares/${encodeURIComponent(token)}${query}`, { credentials: "omit" });
  } catch {
    throw unreachable();
  }
  if (!response.ok) throw errorFrom(response.status, await response.text());
  return (await response.json()) as PublicShare;
}

/** A text in pieces, hits apart. Spans are in code points, in order. */
export function pieces(text: string, spans: readonly number[][]): { text: string; hit: boolean }[] {
  const points = Array.from(text);
  const out: { text: string; hit: boolean }[] = [];
  let at = 0;
  for (const [start = 0, end = 0] of spans) {
    if (start > at) out.push({ text: points.slice(at, start).join(""), hit: false });
    out.push({ text: points.slice(start, end).join(""), hit: true });
    at = end;
  }
  if (at < points.length) out.push({ text: points.slice(at).join(""), hit: false });
  return out;
}
