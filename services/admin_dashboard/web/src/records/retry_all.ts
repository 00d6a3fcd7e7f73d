import { ApiError } from "@tokenline/client";
import type { AdminApi } from "../state/api";

type Letters = Pick<AdminApi, "deadLetters" | "act">;

/** The ids of all that are there now: those that fail again meanwhile are not among them, so it comes to an end. */
export async function allLetters(api: Letters): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await api.deadLetters(cursor);
    ids.push(...page.items.map((letter) => letter.ticket_id));
    cursor = page.next;
  } while (cursor !== null);
  return ids;
}

/** One after the other. Whatever somebody else settled meanwhile is passed over; any other refusal is thrown. */
export async function retryEach(api: Letters, ids: string[], tell: (done: number, of: number) => void): Promise<void> {
  for (const [done, id] of ids.entries()) {
    tell(done, ids.length);
    try {
      await api.act(`dead-letters/${id}/retry`);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }
}
