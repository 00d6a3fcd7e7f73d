import type { Attachment, TicketView } from "@tokenline/client";
import { expect, it } from "vitest";
import { explain, spoken } from "../src/waiting/explain";

const ticket = (part: Partial<TicketView>) => ({ phase: "queued", position: 0, note: null, ...part }) as TicketView;
const file = (name: string, state: Attachment["state"]) => ({ name, state }) as Attachment;

it.each<[Partial<TicketView>, number | null, string]>([
  [{ position: 3 }, 3, "ahead of you"],
  [{ position: 0 }, null, "You are next"],
  [{ phase: "held", reason: "earlier_message" }, null, "Waiting for your earlier message"],
  [{ phase: "held", reason: "user_limit" }, null, "Waiting for your other questions"],
  [{ phase: "held", reason: "indexing report.pdf" }, null, "Reading report.pdf"],
  [{ phase: "processing", attempt: 1 }, null, "It is your turn"],
  [{ position: 3, stopping: true }, null, "Stopping"],
])("%j says %j %j", (part, number, headline) => {
  expect(explain(ticket(part), [])).toMatchObject({ number, headline });
});

it("names the file that is being read", () => {
  const files = [file("a.pdf", "indexed"), file("b.pdf", "embedding")];
  expect(explain(ticket({ phase: "held", reason: "indexing" }), files).headline).toBe("Reading b.pdf");
});

it("warns when nobody works on it", () => {
  const { detail, tone } = explain(ticket({ position: 2, note: "no worker for this agent" }), []);
  expect([detail, tone]).toEqual(["No worker for this agent", "warn"]);
});

it("is spoken in one breath", () => {
  const said = spoken(explain(ticket({ position: 3, note: "2 priority messages went ahead" }), []), "10–20 s");
  expect(said).toBe("3 ahead of you, wait 10–20 s, 2 priority messages went ahead");
});
