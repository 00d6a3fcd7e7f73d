import { ApiError, type AuditEntry, type DeadLetter } from "@tokenline/client";
import { expect, it } from "vitest";
import { allLetters, retryEach } from "../src/records/retry_all";
import { deed, outcome } from "../src/records/words";

const entry = (change: Partial<AuditEntry>): AuditEntry => ({
  id: "1",
  at: 0,
  actor_id: "a",
  actor: "root@example.org",
  action: "ticket.bump",
  target: "t",
  detail: {},
  outcome: "done",
  ...change,
});

it("says what was meant and whom it met", () => {
  const detail = { user: "ann@example.org", pool: "default", priority: 4 };
  expect(deed(entry({ detail }))).toEqual({ what: "Move to the front", whom: "ann@example.org (default, P4)" });
  expect(deed(entry({ detail: { ...detail, to_priority: 0 } })).whom).toBe("ann@example.org (default, P4 to P0)");
  expect(deed(entry({ action: "ticket.move", detail: { ...detail, to_pool: "large" } })).whom).toBe(
    "ann@example.org (default, P4 to large)",
  );
  expect(deed(entry({ action: "pool.pause", target: "default" }))).toEqual({ what: "Pause pool", whom: "default" });
});

it("tells errors from effects, and both from what was never finished", () => {
  expect(outcome("done").tone).toBe("good");
  expect(outcome("unchanged").tone).toBe("plain");
  expect(outcome("too_late")).toEqual({ word: "too late", tone: "bad" });
  expect(outcome(null)).toEqual({ word: "open", tone: "warn" });
});

/** Two pages of letters; `refused` are answered with that status. */
function letters(refused: Record<string, number> = {}) {
  const acted: string[] = [];
  const letter = (id: string) => ({ ticket_id: id }) as DeadLetter;
  return {
    acted,
    deadLetters: async (cursor: string | null) =>
      cursor === null
        ? { items: [letter("a"), letter("b")], next: "more", in_queue: 3 }
        : { items: [letter("c")], next: null, in_queue: 3 },
    act: async (action: string) => {
      acted.push(action);
      const status = refused[action.split("/")[1]!];
      if (status) throw new ApiError(status, { code: "no", message: "No.", detail: {} });
      return { outcome: "done" as const, ticket: null };
    },
  };
}

it("retries every letter of every page once, and tells how far it is", async () => {
  const api = letters({ b: 404 });
  const told: string[] = [];
  await retryEach(api, await allLetters(api), (done, of) => told.push(`${done}/${of}`));
  expect(api.acted).toEqual(["dead-letters/a/retry", "dead-letters/b/retry", "dead-letters/c/retry"]);
  expect(told).toEqual(["0/3", "1/3", "2/3"]);
});

it("stops where the server refuses for good reason", async () => {
  const api = letters({ b: 503 });
  await expect(retryEach(api, await allLetters(api), () => undefined)).rejects.toThrow("No.");
  expect(api.acted).toHaveLength(2);
});
