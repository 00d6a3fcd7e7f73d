import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Api } from "../src/api";
import { ChatClient } from "../src/chat";
import { ApiError } from "../src/errors";
import { countUnread, isUnread } from "../src/state/presence";
import { reduce } from "../src/state/reducer";
import { threadOf } from "../src/state/threads";
import { type ChatEvent, type ChatState, emptyState } from "../src/state/types";
import { FakeSocket } from "./fake_socket";
import { accepted, ANSWER, C, complete, conversation, message, QUESTION, T } from "./frames";

const told = (part: Parameters<typeof conversation>[0]): ChatEvent => ({
  type: "conversation",
  conversation: conversation(part),
  deleted: false,
});
const after = (...events: ChatEvent[]): ChatState => events.reduce(reduce, emptyState());

describe("what is unread", () => {
  it("is an answer that came, here or elsewhere, until it is read, here or elsewhere", () => {
    const answered = after(told({}), accepted, complete(0, ""));
    expect(countUnread(answered)).toBe(1);
    expect(countUnread(reduce(answered, told({ answer_seq: 2, read_seq: 2 })))).toBe(0);
    expect(countUnread(reduce(answered, { type: "local.read", conversationId: C, seq: 2 }))).toBe(0);
    expect(countUnread(reduce(answered, told({ archived: true, answer_seq: 2 })))).toBe(0);
  });

  it("never comes back with an older picture, whichever comes last", () => {
    const pictures = [told({ answer_seq: 4, updated_at: 3 }), told({ read_seq: 4, updated_at: 2, title: "Old" })];
    for (const order of [pictures, pictures.toReversed()]) {
      const known = after(...order).conversations[C]!;
      expect([known.title, isUnread(known)]).toEqual(["x", false]);
    }
  });
});

describe("typing elsewhere", () => {
  it("is known with its hour, and over when the question comes", () => {
    const typed = after({ type: "typed", conversation_id: C, at: 7_000 });
    expect(typed.typing).toEqual({ [C]: 7_000 });
    expect(reduce(typed, accepted).typing).toEqual({});
  });
});

describe("a refused frame", () => {
  const refused = (code: string): ChatEvent => ({
    type: "error",
    error: { code, message: "No.", detail: {} },
    ticket_id: null,
    client_message_id: null,
    retry: false,
    refused: { type: "cancel", ticket_id: T, conversation_id: null },
  });

  it("ends no ticket, but one that is not there is forgotten", () => {
    const stopping = after(accepted, { type: "local.stopping", ticketId: T });
    expect(reduce(stopping, refused("store_unavailable")).tickets[T]).toMatchObject({
      phase: "unknown",
      stopping: false,
    });
    expect(reduce(stopping, refused("not_found")).tickets).toEqual({});
  });
});

describe("the client", () => {
  const sent = (type: string) => FakeSocket.latest().sent.filter((frame) => frame.type === type);
  const settle = () => vi.advanceTimersByTimeAsync(0);
  let rateAnswer: ReturnType<typeof vi.fn>;
  let chat: ChatClient;

  beforeEach(async () => {
    vi.useFakeTimers();
    FakeSocket.all = [];
    rateAnswer = vi.fn(async () => ({ rating: "up", reasons: [], comment: null, at: 5 }));
    chat = new ChatClient({
      credentials: { token: async () => "token" },
      api: { rateAnswer, unrateAnswer: vi.fn(async () => undefined) } as unknown as Api,
      outbox: { load: () => [], save: () => undefined },
      url: "ws://test",
      create: () => new FakeSocket() as unknown as WebSocket,
    });
    chat.open();
    await settle();
    chat.apply(told({}));
  });

  afterEach(() => {
    chat.close();
    vi.useRealTimers();
  });

  async function connect() {
    FakeSocket.latest().accept();
    await settle();
    FakeSocket.latest().hear({ type: "ready", user_id: "u1", heartbeat_s: 15, live: [] });
  }

  it("says once how far is read, and later if nobody listens", async () => {
    chat.markRead(C, 4);
    expect(chat.state.conversations[C]?.read_seq).toBe(4);
    await connect();
    expect(sent("read")).toEqual([{ type: "read", conversation_id: C, seq: 4 }]);
    chat.markRead(C, 4);
    chat.markRead(C, 3);
    expect(sent("read")).toHaveLength(1);
    chat.markRead(C, 6);
    expect(sent("read")).toHaveLength(2);
  });

  it("tells of typing every two seconds at most", async () => {
    await connect();
    for (let n = 0; n < 5; n += 1) {
      chat.typing(C);
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(sent("typing")).toHaveLength(2);
  });

  it("shows a rating at once and takes it back when it is refused", async () => {
    const page = [QUESTION, ANSWER];
    chat.apply({ type: "local.messages", conversationId: C, items: page, next: null, older: false });
    const feedback = () => threadOf(chat.state, C).messages.find(({ id }) => id === ANSWER.id)?.feedback;
    const rating = chat.rate(message(ANSWER), { rating: "up" });
    expect(feedback()).toMatchObject({ rating: "up", at: 0 });
    await rating;
    expect(feedback()).toMatchObject({ rating: "up", at: 5 });
    chat.apply({ type: "feedback", conversation_id: C, message_id: ANSWER.id, feedback: null });
    expect(feedback()).toBeNull();
    rateAnswer.mockRejectedValue(new ApiError(503, { code: "store_unavailable", message: "No.", detail: {} }));
    await expect(chat.rate(message(ANSWER), { rating: "down" })).rejects.toThrow("No.");
    expect(feedback()).toBeNull();
  });
});
