import { describe, expect, it } from "vitest";
import type { Attachment, ServerFrame } from "../src/generated/frames";
import { reduce } from "../src/state/reducer";
import { countInLine, liveTickets, rowsOf } from "../src/state/rows";
import { type ChatEvent, emptyState, type Outgoing } from "../src/state/types";
import { accepted, C, complete, conversation, delta, message, QUESTION, queued, RECORDED, T } from "./frames";

const after = (...events: ChatEvent[]) => events.reduce(reduce, emptyState());
const ticket = (...events: ChatEvent[]) => after(...events).tickets[T]!;

describe("a recorded answer", () => {
  it("becomes a question with its answer", () => {
    const [row, ...others] = rowsOf(after(...RECORDED), C);
    expect(others).toEqual([]);
    expect(row?.question?.content).toBe("Hello?");
    expect(row?.answer?.content).toBe("Hi 👋 and 🎉!");
    expect(row?.ticket?.phase).toBe("complete");
  });

  it("is the same when every frame comes twice", () => {
    const twice = RECORDED.flatMap((frame) => [frame, frame]);
    expect(rowsOf(after(...twice), C)).toEqual(rowsOf(after(...RECORDED), C));
  });

  it("is the same when a resume sends the text again from the start", () => {
    const resumed: ServerFrame[] = [...RECORDED.slice(0, 6), delta(0, "Hi 👋 and 🎉"), ...RECORDED.slice(6)];
    expect(rowsOf(after(...resumed), C)).toEqual(rowsOf(after(...RECORDED), C));
  });

  it("shows one row whatever page is read in the middle of it", () => {
    const page: ChatEvent = { type: "local.messages", conversationId: C, items: [QUESTION], next: null, older: false };
    for (let cut = 0; cut <= RECORDED.length; cut++) {
      const state = after(...RECORDED.slice(0, cut), page, ...RECORDED.slice(cut));
      expect(rowsOf(state, C).map(({ answer }) => answer?.content)).toEqual(["Hi 👋 and 🎉!"]);
    }
  });
});

describe("a question that is asked again", () => {
  const broken = message({ id: "m2", role: "assistant", content: "Hi", status: "incomplete", seq: 2, parent_id: "m1" });
  const page: ChatEvent = { type: "local.messages", conversationId: C, items: [QUESTION, broken], next: null, older: false };
  const again: ChatEvent = { ...accepted, ticket_id: "0198", message: { ...QUESTION, ticket_id: "0198" } } as ChatEvent;

  it("waits without what the former ticket left of an answer, until it has its own in that place", () => {
    expect(rowsOf(after(page), C).map(({ answer }) => answer?.content)).toEqual(["Hi"]);
    const waiting = after(page, again);
    expect(rowsOf(waiting, C)).toMatchObject([{ question: { id: "m1" }, answer: null, ticket: { id: "0198" } }]);
    const done = { ...complete(2, "Ho"), ticket_id: "0198", message: { ...broken, content: "Ho", ticket_id: "0198" } };
    expect(rowsOf(reduce(waiting, done as ChatEvent), C).map(({ answer }) => answer?.content)).toEqual(["Ho"]);
  });
});

describe("waiting", () => {
  it("keeps the position, the farthest one seen, and drops both when served", () => {
    expect(ticket(accepted, queued(5), { ...queued(3), type: "position" } as ServerFrame)).toMatchObject({
      phase: "queued",
      position: 3,
      from: 5,
    });
    expect(ticket(accepted, queued(5), { type: "processing", ticket_id: T, attempt: 1 })).toMatchObject({
      phase: "processing",
      position: null,
      eta: null,
    });
  });

  it("says why it is held until it is queued", () => {
    const held: ServerFrame = { type: "held", ticket_id: T, reason: "earlier_message", position: 4 };
    expect(ticket(accepted, held)).toMatchObject({ phase: "held", reason: "earlier_message", position: 4 });
    expect(ticket(accepted, held, queued(3))).toMatchObject({ phase: "queued", reason: null });
  });

  it("keeps what a failed attempt said until the next one speaks", () => {
    const retrying: ServerFrame = { type: "held", ticket_id: T, reason: "retrying", position: 0 };
    const failed = [accepted, delta(0, "Half an"), retrying] as const;
    expect(ticket(...failed)).toMatchObject({ phase: "held", reason: "retrying", text: "Half an" });
    expect(ticket(...failed, queued(0))).toMatchObject({ phase: "queued", reason: null, text: "Half an" });
    expect(ticket(...failed, { type: "restarted", ticket_id: T, attempt: 2 })).toMatchObject({ text: "", attempt: 2 });
  });

  it("counts what a user may have only so many of: in the line, running, or about to be tried again", () => {
    const of = (ticket_id: string, frame: object) => ({ ...frame, ticket_id }) as ServerFrame;
    const state = after(
      of("a", queued(1)),
      of("b", { type: "held", reason: "retrying", position: 0 }),
      of("c", { type: "processing", attempt: 1 }),
      of("d", { type: "held", reason: "user_limit", position: 3 }),
      of("e", { type: "cancelled", message_id: null }),
      { type: "ready", user_id: "u1", heartbeat_s: 15, live: ["f"] },
    );
    expect(countInLine(state)).toBe(3);
  });
});

describe("an edit", () => {
  const edited: ServerFrame = { type: "edited", ticket_id: T, message: { ...QUESTION, content: "Goodbye?" } };

  it("puts the new text in the place of the old one and leaves the ticket where it is", () => {
    const file = { id: "f1", name: "report.pdf" } as Attachment;
    const page: ChatEvent = {
      type: "local.messages",
      conversationId: C,
      items: [{ ...QUESTION, attachments: [file] }],
      next: null,
      older: false,
    };
    const before = after(accepted, page, queued(5));
    const state = reduce(before, edited);
    expect(state.tickets).toBe(before.tickets);
    expect(rowsOf(state, C).map(({ question }) => [question?.content, question?.attachments])).toEqual([
      ["Goodbye?", [file]],
    ]);
  });

  it("is known to a tab that has not heard of the question before", () => {
    expect(rowsOf(after(edited), C)).toMatchObject([{ question: { content: "Goodbye?" }, ticket: { id: T } }]);
  });
});

describe("text", () => {
  it("counts code points, so that an offset after an emoji fits", () => {
    expect(ticket(accepted, delta(0, "👋👋"))).toMatchObject({ length: 2, text: "👋👋" });
    expect(ticket(accepted, delta(0, "👋👋"), delta(1, "👋x"))).toMatchObject({ text: "👋👋x", length: 3 });
  });

  it("reports a gap instead of skipping it, and goes on after a snapshot", () => {
    const gapped = [accepted, delta(0, "ab"), delta(5, "fg")] as const;
    expect(ticket(...gapped)).toMatchObject({ text: "ab", gap: true });
    const snapshot: ServerFrame = { type: "snapshot", ticket_id: T, attempt: 1, text: "abcdefg", recovered: true };
    expect(ticket(...gapped, snapshot, delta(7, "h"))).toMatchObject({ text: "abcdefgh", gap: false });
  });

  it("never mixes two attempts", () => {
    const again: ServerFrame = { type: "restarted", ticket_id: T, attempt: 2 };
    const texts = ticket(accepted, delta(0, "old"), again, delta(3, "late", 1), delta(0, "new", 2));
    expect(texts).toMatchObject({ attempt: 2, text: "new" });
  });

  it("asks for the stored answer when the end says more than is here", () => {
    const state = after(accepted, delta(0, "ab"), complete(9));
    expect(state.threads[C]?.stale).toBe(true);
  });

  it("takes the answer from the terminal frame when it carries it", () => {
    const state = after(accepted, complete(5, "whole"));
    expect(rowsOf(state, C)[0]?.answer?.content).toBe("whole");
    expect(state.threads[C]?.stale).toBe(false);
  });
});

describe("the end", () => {
  it("is final: nothing changes a ticket after it", () => {
    const done = after(...RECORDED);
    expect(reduce(done, queued(9))).toEqual(done);
    expect(reduce(done, delta(0, "more", 2))).toEqual(done);
  });

  it("keeps the text so far when stopped, and reads what was stored", () => {
    const state = after(accepted, delta(0, "so far"), { type: "cancelled", ticket_id: T, message_id: "m2" });
    expect(state.tickets[T]).toMatchObject({ phase: "cancelled", text: "so far" });
    expect(state.threads[C]?.stale).toBe(true);
  });

  it("carries the reason of a failure", () => {
    const error = { code: "queue_timeout", message: "Nobody was free.", detail: {} };
    const failed = ticket(accepted, { type: "error", ticket_id: T, client_message_id: null, retry: true, refused: null, error });
    expect(failed).toMatchObject({ phase: "error", retry: true, error });
  });
});

describe("questions on their way", () => {
  const outgoing: Outgoing = {
    clientMessageId: "q1",
    conversationId: C,
    agentId: null,
    content: "Hello?",
    attachments: [],
    createdAt: 999,
    error: null,
  };

  it("are shown at once and replaced by the accepted message", () => {
    const sending = after({ type: "local.sending", outgoing });
    expect(rowsOf(sending, C).map((row) => row.outgoing?.content)).toEqual(["Hello?"]);
    const done = reduce(sending, accepted);
    expect(done.outbox).toEqual([]);
    expect(rowsOf(done, C).map((row) => [row.key, row.outgoing])).toEqual([["q1", null]]);
  });

  it("stay with their reason when refused", () => {
    const error = { code: "queue_full", message: "The line is full.", detail: { retry_after_s: 30 } };
    const refused = after(
      { type: "local.sending", outgoing },
      { type: "error", ticket_id: null, client_message_id: "q1", retry: true, refused: null, error },
    );
    expect(refused.outbox[0]?.error).toEqual(error);
    expect(rowsOf(refused, C)).toHaveLength(1);
  });

  it("are no part of the conversation when it was busy", () => {
    const error = { code: "busy", message: "Still being answered.", detail: {} };
    const refused = after(
      { type: "local.sending", outgoing },
      { type: "error", ticket_id: null, client_message_id: "q1", retry: false, error, refused: null },
    );
    expect(refused.outbox).toMatchObject([{ error, content: "Hello?" }]);
    expect(rowsOf(refused, C)).toEqual([]);
  });
});

describe("a conversation", () => {
  it("shows every answer under its own question, whatever came in between", () => {
    const second = message({ id: "m3", ticket_id: "t2", content: "And?", seq: 2, depth: 2, parent_id: "m2" });
    const next = { ...accepted, ticket_id: "t2", message: second, answer_id: "m4" } as ServerFrame;
    const state = after(accepted, next, complete(2, "Hi"));
    expect(rowsOf(state, C).map(({ question, answer }) => [question?.id, answer?.id])).toEqual([
      ["m1", "m2"],
      ["m3", undefined],
    ]);
    expect(liveTickets(state, C).map(({ id }) => id)).toEqual(["t2"]);
  });

  it("lists what is live from the oldest on, in whatever order it was heard of", () => {
    const asked = (id: string) => message({ id: `m-${id}`, ticket_id: id });
    const items = ["t3", "t1", "t2"].map(asked);
    const state = after({ type: "local.messages", conversationId: C, items, next: null, older: false });
    expect(liveTickets(state, C).map(({ id }) => id)).toEqual(["t1", "t2", "t3"]);
  });

  it("that was deleted does not come back with a late frame", () => {
    const state = after(
      { type: "conversation", conversation: conversation({}), deleted: false },
      { type: "conversation", conversation: conversation({}), deleted: true },
      { type: "conversation", conversation: conversation({}), deleted: false },
    );
    expect(state.conversations).toEqual({});
  });
});

describe("a file that is read", () => {
  const file = { id: "f1", state: "extracting", version: 1, progress: null } as Attachment;
  const told = { ...file, progress: { done: 120, of: 300, share: 0.2 } };
  const progressAfter = (...events: ChatEvent[]) => after(...events).attachments.f1?.progress;

  it("is as far as was told last, whatever is asked for meanwhile", () => {
    const asked: ChatEvent = { type: "local.attachment", attachment: file };
    expect(progressAfter({ type: "attachment", attachment: told }, asked)).toEqual(told.progress);
    expect(progressAfter(asked, { type: "attachment", attachment: told })).toEqual(told.progress);
  });

  it("begins anew in its next state", () => {
    const embedding = { ...file, state: "embedding", version: 2 } as Attachment;
    const frames = [told, embedding].map((attachment): ChatEvent => ({ type: "attachment", attachment }));
    expect(progressAfter(...frames)).toBeNull();
  });
});
