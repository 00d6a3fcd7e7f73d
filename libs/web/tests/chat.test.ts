import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Api } from "../src/api";
import { ChatClient } from "../src/chat";
import { ApiError } from "../src/errors";
import type { Outgoing } from "../src/state/types";
import { FakeSocket } from "./fake_socket";
import { accepted, C, delta, QUESTION, T } from "./frames";

let saved: Outgoing[];
let createConversation: ReturnType<typeof vi.fn>;
let editQuestion: ReturnType<typeof vi.fn>;
let conversation: ReturnType<typeof vi.fn>;
let messages: ReturnType<typeof vi.fn>;

const CONVERSATION = {
  id: C,
  owner_id: "u1",
  agent_id: "a",
  title: "",
  archived: false,
  follow_up: "queue",
  created_at: 1,
  updated_at: 1,
};
const NO_MESSAGES = { items: [], next: null };

function client(): ChatClient {
  const made = new ChatClient({
    credentials: { token: async () => "token" },
    api: { createConversation, editQuestion, conversation, messages } as unknown as Api,
    outbox: { load: () => saved, save: (entries) => (saved = entries) },
    url: "ws://test",
    create: () => new FakeSocket() as unknown as WebSocket,
  });
  made.open();
  return made;
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const sent = (type: string) => FakeSocket.latest().sent.filter((frame) => frame.type === type);
const ASK = { conversationId: C, agentId: null, attachments: [] };

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  saved = [];
  createConversation = vi.fn(async () => CONVERSATION);
  editQuestion = vi.fn(async (_: string, content: string) => ({ message: { ...QUESTION, content } }));
  conversation = vi.fn(async () => CONVERSATION);
  messages = vi.fn(async () => NO_MESSAGES);
});

afterEach(() => {
  vi.useRealTimers();
});

describe("asking", () => {
  it("keeps a question until it is accepted, and repeats it under the same id after a break", async () => {
    const chat = client();
    await settle();
    const id = chat.ask("Hello?", ASK);
    expect(saved.map(({ clientMessageId }) => clientMessageId)).toEqual([id]);
    FakeSocket.latest().accept();
    FakeSocket.latest().break();
    await vi.advanceTimersByTimeAsync(500);
    FakeSocket.latest().accept();
    expect(sent("send").map((frame) => frame["client_message_id"])).toEqual([id]);
    FakeSocket.latest().hear({ ...accepted, client_message_id: id });
    expect(saved).toEqual([]);
    chat.close();
  });

  it("creates the conversation of a first question once", async () => {
    const chat = client();
    await settle();
    FakeSocket.latest().accept();
    chat.ask("Hello?", { ...ASK, conversationId: null });
    await settle();
    expect(createConversation).toHaveBeenCalledOnce();
    expect(sent("send")).toMatchObject([{ conversation_id: C, content: "Hello?" }]);
    expect(saved[0]?.conversationId).toBe(C);
    chat.close();
  });

  it("puts what is asked before its conversation is there into the same one, in order", async () => {
    const chat = client();
    await settle();
    FakeSocket.latest().accept();
    const fresh = { ...ASK, conversationId: null };
    chat.ask("Hello?", fresh);
    const withdrawn = chat.ask("Never mind.", fresh);
    chat.ask("And more?", fresh);
    chat.discard(withdrawn);
    await settle();
    expect(createConversation).toHaveBeenCalledOnce();
    expect(sent("send").map((frame) => [frame["conversation_id"], frame["content"]])).toEqual([
      [C, "Hello?"],
      [C, "And more?"],
    ]);
    chat.close();
  });

  it("goes on with the next when the conversation of the first is refused", async () => {
    createConversation.mockRejectedValueOnce(new ApiError(429, { code: "rate_limited", message: "Later.", detail: {} }));
    const chat = client();
    await settle();
    FakeSocket.latest().accept();
    const fresh = { ...ASK, conversationId: null };
    chat.ask("Hello?", fresh);
    chat.ask("And more?", fresh);
    await settle();
    expect(saved.map(({ error }) => error?.code ?? null)).toEqual(["rate_limited", null]);
    expect(sent("send")).toMatchObject([{ conversation_id: C, content: "And more?" }]);
    chat.close();
  });

  it("keeps a first question that could not be placed for the next connection", async () => {
    createConversation.mockRejectedValueOnce(new ApiError(0, { code: "unreachable", message: "", detail: {} }));
    const chat = client();
    await settle();
    chat.ask("Hello?", { ...ASK, conversationId: null });
    await settle();
    expect(saved[0]?.error).toBeNull();
    FakeSocket.latest().accept();
    await settle();
    expect(sent("send")).toHaveLength(1);
    chat.close();
  });

  it("stops the ticket of a question that was taken back too late", async () => {
    const chat = client();
    await settle();
    FakeSocket.latest().accept();
    const id = chat.ask("Hello?", ASK);
    chat.discard(id);
    FakeSocket.latest().hear({ ...accepted, client_message_id: id });
    expect(sent("cancel")).toMatchObject([{ ticket_id: T }]);
    chat.close();
  });
});

describe("following", () => {
  it("resumes every live ticket from its own cursor", async () => {
    const chat = client();
    await settle();
    FakeSocket.latest().accept();
    FakeSocket.latest().hear(accepted);
    FakeSocket.latest().hear(delta(0, "Hi 👋"));
    FakeSocket.latest().break();
    await vi.advanceTimersByTimeAsync(500);
    FakeSocket.latest().accept();
    expect(sent("resume")).toEqual([{ type: "resume", ticket_id: T, attempt: 1, offset: 4 }]);
    chat.close();
  });

  it("asks once for what is missing", async () => {
    const chat = client();
    await settle();
    FakeSocket.latest().accept();
    FakeSocket.latest().hear(accepted);
    for (const offset of [5, 6, 7]) FakeSocket.latest().hear(delta(offset, "x"));
    expect(sent("resume")).toEqual([{ type: "resume", ticket_id: T, attempt: 1, offset: 0 }]);
    chat.close();
  });

  it("repeats the wish to stop after a reconnect", async () => {
    const chat = client();
    await settle();
    FakeSocket.latest().accept();
    FakeSocket.latest().hear(accepted);
    FakeSocket.latest().break();
    chat.stop(T);
    await vi.advanceTimersByTimeAsync(500);
    FakeSocket.latest().accept();
    expect(sent("cancel")).toHaveLength(1);
    chat.close();
  });
});

describe("editing", () => {
  const texts = (chat: ChatClient) => chat.state.threads[C]?.messages.map(({ content }) => content);
  const refusal = new ApiError(409, { code: "too_late", message: "", detail: { state: "processing" } });

  it("shows the new text at once, without waiting for the frame that everybody gets", async () => {
    const chat = client();
    await settle();
    FakeSocket.latest().accept();
    FakeSocket.latest().hear(accepted);
    await chat.edit(T, "Goodbye?");
    expect(editQuestion).toHaveBeenCalledExactlyOnceWith(T, "Goodbye?");
    expect(texts(chat)).toEqual(["Goodbye?"]);
    chat.close();
  });

  it("changes nothing and says so when a worker was faster", async () => {
    editQuestion.mockRejectedValueOnce(refusal);
    const chat = client();
    await settle();
    FakeSocket.latest().accept();
    FakeSocket.latest().hear(accepted);
    await expect(chat.edit(T, "Goodbye?")).rejects.toMatchObject({ code: "too_late" });
    expect(texts(chat)).toEqual(["Hello?"]);
    chat.close();
  });

  it("reads again when a page was on its way that may be from before the edit", async () => {
    let arrive: (page: object) => void = () => undefined;
    messages.mockReturnValueOnce(new Promise((resolve) => (arrive = resolve)));
    messages.mockResolvedValueOnce({ items: [{ ...QUESTION, content: "Goodbye?" }], next: null });
    const chat = client();
    await settle();
    FakeSocket.latest().accept();
    void chat.show(C);
    FakeSocket.latest().hear({ type: "edited", ticket_id: T, message: { ...QUESTION, content: "Goodbye?" } });
    arrive({ items: [QUESTION], next: null });
    await settle();
    expect(messages).toHaveBeenCalledTimes(2);
    expect(texts(chat)).toEqual(["Goodbye?"]);
    chat.close();
  });
});

describe("a conversation that no listing told of", () => {
  it("is fetched when it is shown, once", async () => {
    const chat = client();
    await settle();
    await chat.show(C);
    await chat.show(C);
    expect(conversation).toHaveBeenCalledExactlyOnceWith(C);
    expect(chat.state.conversations[C]?.follow_up).toBe("queue");
    chat.close();
  });
});
