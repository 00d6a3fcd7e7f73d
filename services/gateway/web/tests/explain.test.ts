import type { Attachment, TicketView } from "@tokenline/client";
import { expect, it } from "vitest";
import { explain, spoken } from "../src/waiting/explain";

const ticket = (part: Partial<TicketView>) => ({ phase: "queued", position: 0, note: null, ...part }) as TicketView;
const held = (reason: string, position = 0) => ticket({ phase: "held", reason, position });
const file = (name: string, state: Attachment["state"]) => ({ name, state }) as Attachment;
const ALONE = { files: [], inLine: 0 };

it.each<[Partial<TicketView>, number | null, string]>([
  [{ position: 3 }, 3, "ahead of you"],
  [{ position: 0 }, null, "You are next"],
  [{ phase: "processing", attempt: 1 }, null, "It is your turn"],
  [{ position: 3, stopping: true }, null, "Withdrawing"],
  [{ phase: "processing", stopping: true }, null, "Stopping"],
  [{ phase: "unknown" }, null, "Finding your place"],
])("%j says %j %j", (part, number, headline) => {
  expect(explain(ticket(part), ALONE)).toMatchObject({ number, headline });
});

it.each([
  ["earlier_message", "Waiting for your earlier message", "One conversation is answered in order"],
  ["user_limit", "Waiting for your other messages", "You have 2 messages in the line already; this one follows"],
  ["retrying", "Trying again in a moment", "An attempt failed; your message goes first when it is tried again"],
  ["indexing", "Indexing report.pdf", "Then it goes into the line"],
  ["some_new_reason", "Some new reason", null],
])("held for %s has its own sentence", (reason, headline, detail) => {
  const around = { files: [file("report.pdf", "extracting")], inLine: 2 };
  expect(explain(held(reason), around)).toEqual({ number: null, headline, detail, tone: "calm" });
});

it.each([
  ["no worker for this agent", "No worker for this agent is running, your place is kept", "warn"],
  ["broker unavailable, your message is safe", "Broker unavailable, your message is safe", "warn"],
  ["paused by an administrator", "The line is paused by an administrator, your place is kept", "warn"],
  ["an administrator moved your message back", "An administrator moved your message back", "calm"],
  ["an administrator moved your message to another queue", "An administrator moved your message to another queue", "calm"],
  ["2 priority messages went ahead", "2 priority messages went ahead", "calm"],
])("the note %j has its own sentence", (note, detail, tone) => {
  expect(explain(ticket({ position: 2, note }), ALONE)).toMatchObject({ number: 2, detail, tone });
});

it("names the file that is being read, or counts them", () => {
  const files = [file("a.pdf", "indexed"), file("b.pdf", "embedding")];
  expect(explain(held("indexing"), { files, inLine: 0 }).headline).toBe("Indexing b.pdf");
  const long = { ...file("b.pdf", "extracting"), progress: { done: 120, of: 150, share: 0.4 } };
  expect(explain(held("indexing"), { files: [long], inLine: 0 }).headline).toBe("Indexing b.pdf (40 %)");
  const both = [file("c.pdf", "queued"), ...files];
  expect(explain(held("indexing", 4), { files: both, inLine: 0 })).toMatchObject({
    headline: "Indexing 2 files",
    detail: "4 messages in the line meanwhile",
  });
});

it("does not make up a number of messages that are in the line", () => {
  expect(explain(held("user_limit"), ALONE).detail).toBe(
    "You have as many in the line as one person may; this one follows",
  );
});

it("is spoken in one breath", () => {
  const said = spoken(explain(ticket({ position: 3, note: "2 priority messages went ahead" }), ALONE), "10–20 s");
  expect(said).toBe("3 ahead of you, wait 10–20 s, 2 priority messages went ahead");
});
