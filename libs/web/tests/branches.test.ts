import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Api } from "../src/api";
import { ChatClient } from "../src/chat";
import type { ServerFrame } from "../src/generated/frames";
import { alternativesOf } from "../src/state/paths";
import { reduce } from "../src/state/reducer";
import { rowsOf } from "../src/state/rows";
import { threadOf } from "../src/state/threads";
import { type ChatEvent, type ChatState, emptyState, type ThreadMessage } from "../src/state/types";
import { FakeSocket } from "./fake_socket";
import { C, conversation, message } from "./frames";

/** Ids say what stands where: `q1` and its answer `a1`, `q2` asked after that, `q2b` in the place of `q2`. */
const depth = (id: string) => (Number(id[1]) - 1) * 2 + (id[0] === "a" ? 1 : 0);

function said(id: string, parent: string | null, part: Partial<ThreadMessage> = {}): ThreadMessage {
  const role = id[0] === "a" ? "assistant" : "user";
  const status = role === "user" ? "sent" : "complete";
  const ticket_id = `t-${role === "user" ? id : parent}`;
  const seq = depth(id) + 1;
  return { ...message({ id, role, status, parent_id: parent, depth: depth(id), ticket_id, seq, content: id }), ...part };
}

const q1 = said("q1", null);
const a1 = said("a1", "q1");
const q2 = said("q2", "a1");
const a2 = said("a2", "q2");

function asking(question: ThreadMessage, answerId: string, ticket = question.ticket_id!): ServerFrame {
  const { attachments: _a, tokens_used: _t, alternatives: _s, ...shared } = question;
  const told = { ...shared, ticket_id: ticket };
  return {
    type: "accepted",
    ticket_id: ticket,
    conversation_id: C,
    client_message_id: null,
    message: told,
    answer_id: answerId,
  } as ServerFrame;
}

function ending(answer: ThreadMessage, ticket = answer.ticket_id!): ServerFrame {
  const ended = { ...answer, ticket_id: ticket, content: "" };
  return { type: "complete", ticket_id: ticket, attempt: 1, length: 0, message: ended } as unknown as ServerFrame;
}

const read = (items: ThreadMessage[], leafId: string | null, older = false, next: string | null = null): ChatEvent => ({
  type: "local.messages",
  conversationId: C,
  items,
  next,
  leafId,
  older,
});
const after = (...events: ChatEvent[]): ChatState => events.reduce(reduce, emptyState());
const path = (state: ChatState) => threadOf(state, C).path;
const whole = [q1, a1, q2, a2];
const start = read(whole, "a2");

describe("a path", () => {
  it("grows by what is asked and answered", () => {
    const state = after(asking(q1, "a1"), ending(a1), asking(q2, "a2"), ending(a2));
    expect(path(state)).toEqual(["q1", "a1", "q2", "a2"]);
    expect(threadOf(state, C).leafId).toBe("a2");
  });

  it("has a place for an answer that comes after what was asked below it", () => {
    const waiting = after(asking(q1, "a1"), asking(q2, "a2"));
    expect(path(waiting)).toEqual(["q1", "q2"]);
    expect(path([ending(a1), ending(a2)].reduce(reduce, waiting))).toEqual(["q1", "a1", "q2", "a2"]);
  });

  it("forks where a question is asked in the place of another", () => {
    const state = after(start, asking(said("q2b", "a1"), "a2b"), ending(said("a2b", "q2b")));
    expect(path(state)).toEqual(["q1", "a1", "q2b", "a2b"]);
    const { question } = rowsOf(state, C)[1]!;
    expect(alternativesOf(threadOf(state, C), question!)).toEqual(["q2", "q2b"]);
    expect(path(after(start, asking(said("q1b", null), "a1b")))).toEqual(["q1b"]);
  });

  it("forks where an answer is asked for again, and knows the one that was", () => {
    const again = after(start, asking(q1, "a1b", "t-again"));
    expect(path(again)).toEqual(["q1"]);
    expect(rowsOf(again, C)).toMatchObject([{ question: { id: "q1" }, answer: null, ticket: { id: "t-again" } }]);
    const state = reduce(again, ending(said("a1b", "q1"), "t-again"));
    expect(path(state)).toEqual(["q1", "a1b"]);
    expect(alternativesOf(threadOf(state, C), said("a1b", "q1"))).toEqual(["a1", "a1b"]);
  });

  it("asks to be read again when the other answer never came", () => {
    const again = after(start, asking(q1, "a1b", "t-again"));
    const error = { code: "model_failed", message: "It failed.", detail: {} };
    const failed: ServerFrame = { type: "error", ticket_id: "t-again", error, refused: null, client_message_id: null, retry: true };
    expect(threadOf(reduce(again, failed), C).stale).toBe(true);
    expect(path([failed, start].reduce<ChatState>(reduce, again))).toEqual(["q1", "a1", "q2", "a2"]);
  });

  it("does not fork again by a frame that comes twice", () => {
    const again = asking(q1, "a1b", "t-again");
    const back = after(start, again, ending(said("a1b", "q1"), "t-again"), start, again);
    expect(path(back)).toEqual(["q1", "a1", "q2", "a2"]);
  });

  it("asks to be read where somebody else continued a branch that is not here", () => {
    const elsewhere = after(start, asking(said("q3x", "a2x"), "a3x"));
    expect(threadOf(elsewhere, C).stale).toBe(true);
  });
});

describe("pages", () => {
  it("put older messages above, and a path that was switched in place of the former one", () => {
    const end = after(read([q2, a2], "a2", false, "cursor"), read([q1, a1], "a2", true));
    expect(path(end)).toEqual(["q1", "a1", "q2", "a2"]);
    expect(threadOf(end, C).older).toBe(null);
    const switched = reduce(end, read([said("q2b", "a1"), said("a2b", "q2b")], "a2b", false, "other"));
    expect(path(switched)).toEqual(["q2b", "a2b"]);
    expect(threadOf(switched, C).older).toBe("other");
  });

  it("keep what is above where they meet what is here", () => {
    const state = after(start, read([q2, a2, said("q3", "a2")], "a3", false, "cursor"));
    expect(path(state)).toEqual(["q1", "a1", "q2", "a2", "q3"]);
    expect(threadOf(state, C).older).toBe(null);
  });

  it("lose nothing that came while they were on their way", () => {
    const q3 = said("q3", "a2");
    const a3 = said("a3", "q3");
    expect(path(after(start, asking(q3, "a3"), ending(a3), start))).toEqual(["q1", "a1", "q2", "a2", "q3", "a3"]);
    expect(path(after(asking(q1, "a1"), read([], null)))).toEqual(["q1"]);
    // What stood on another branch does not come back with it.
    expect(path(after(start, read([q1], "a1b")))).toEqual(["q1"]);
  });

  it("tell of alternatives that are not here", () => {
    const state = after(read([said("q1", null, { alternatives: ["q0", "q1", "q1c"] })], "a1"), asking(said("q1b", null), "a1b"));
    expect(alternativesOf(threadOf(state, C), said("q1b", null))).toEqual(["q0", "q1", "q1b", "q1c"]);
  });
});

describe("a client", () => {
  let messages: ReturnType<typeof vi.fn>;
  let retry: ReturnType<typeof vi.fn>;
  let choosePath: ReturnType<typeof vi.fn>;

  const settle = () => vi.advanceTimersByTimeAsync(0);
  const page = (items: ThreadMessage[], leaf_id: string) => ({ items, next: null, leaf_id });
  const switched = (leaf_id: string, at: number): ServerFrame => ({
    type: "conversation",
    conversation: conversation({ leaf_id, updated_at: at }),
    deleted: false,
  });

  async function shown(): Promise<ChatClient> {
    const chat = new ChatClient({
      credentials: { token: async () => "token" },
      api: { messages, retry, choosePath, conversation: async () => conversation({ leaf_id: "a2" }) } as unknown as Api,
      outbox: { load: () => [], save: () => undefined },
      url: "ws://test",
      create: () => new FakeSocket() as unknown as WebSocket,
    });
    chat.open();
    await settle();
    FakeSocket.latest().accept();
    await chat.show(C);
    return chat;
  }

  beforeEach(() => {
    vi.useFakeTimers();
    FakeSocket.all = [];
    messages = vi.fn(async () => page(whole, "a2"));
    retry = vi.fn(async () => ({
      message: { ...q2, ticket_id: "t-again" },
      ticket: { id: "t-again", conversation_id: C, answer_id: "a2b" },
    }));
    choosePath = vi.fn(async () => conversation({ leaf_id: "a2x", updated_at: 5 }));
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("shows a question in the place of another at once, and says so when it sends it", async () => {
    const chat = await shown();
    chat.ask("Different", { conversationId: C, agentId: null, attachments: [], insteadOf: "q2" });
    expect(rowsOf(chat.state, C)).toMatchObject([{ question: { id: "q1" } }, { outgoing: { content: "Different" } }]);
    expect(FakeSocket.latest().sent.at(-1)).toMatchObject({ type: "send", instead_of: "q2", parent_id: null });
  });

  it("follows the other answer that it asks for", async () => {
    const chat = await shown();
    expect(await chat.retry("a2")).toBe("t-again");
    expect(retry).toHaveBeenCalledExactlyOnceWith("a2");
    expect(rowsOf(chat.state, C).at(-1)).toMatchObject({ question: { id: "q2" }, answer: null, ticket: { id: "t-again" } });
    expect(FakeSocket.latest().sent.at(-1)).toMatchObject({ type: "resume", ticket_id: "t-again" });
  });

  it("reads the path that it switches to", async () => {
    const chat = await shown();
    messages.mockResolvedValue(page([q1, a1, said("q2x", "a1"), said("a2x", "q2x")], "a2x"));
    await chat.switchTo(C, "q2x");
    expect(choosePath).toHaveBeenCalledExactlyOnceWith(C, "q2x");
    expect(path(chat.state)).toEqual(["q1", "a1", "q2x", "a2x"]);
  });

  it("reads the path that another tab has switched to, and nothing when it only asked", async () => {
    const chat = await shown();
    messages.mockClear();
    FakeSocket.latest().hear(switched("a3", 2));
    FakeSocket.latest().hear(asking(said("q3", "a2"), "a3"));
    await vi.advanceTimersByTimeAsync(1000);
    expect(messages).not.toHaveBeenCalled();
    messages.mockResolvedValue(page([q1, a1, said("q2x", "a1"), said("a2x", "q2x")], "a2x"));
    FakeSocket.latest().hear(switched("a2x", 3));
    await vi.advanceTimersByTimeAsync(1000);
    expect(path(chat.state)).toEqual(["q1", "a1", "q2x", "a2x"]);
  });
});
