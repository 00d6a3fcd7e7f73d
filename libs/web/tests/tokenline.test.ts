import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AnswerEvent } from "../src/answer";
import { ApiError } from "../src/errors";
import { type ConnectOptions, Tokenline } from "../src/tokenline";
import { FakeSocket } from "./fake_socket";
import { accepted, C, complete, delta, queued, T } from "./frames";

let made: { url: string; headers: Record<string, string> }[];
let sources: Record<string, string>;

class HeaderSocket extends FakeSocket {
  constructor(url: string, { headers }: { headers: Record<string, string> }) {
    super();
    made.push({ url, headers });
  }
}

const settle = () => vi.advanceTimersByTimeAsync(0);

async function connected(options: Partial<ConnectOptions> = {}): Promise<Tokenline> {
  const client = new Tokenline({ url: "http://test/", apiKey: "tl_key", WebSocket: HeaderSocket, ...options });
  const opened = client.opened();
  await settle();
  FakeSocket.latest().accept();
  await opened;
  return client;
}

function listen(events: AsyncIterable<AnswerEvent>): AnswerEvent[] {
  const heard: AnswerEvent[] = [];
  void (async () => {
    for await (const event of events) heard.push(event);
  })();
  return heard;
}

const sent = (type: string) => FakeSocket.latest().sent.filter((frame) => frame.type === type);

/** Has the gateway accept the question that was sent last. */
function accept(): void {
  FakeSocket.latest().hear({ ...accepted, client_message_id: sent("send").at(-1)!["client_message_id"] });
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  made = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("connecting", () => {
  it("shows the key at the handshake, in no address and in no frame", async () => {
    const client = await connected();
    expect(made).toEqual([{ url: "ws://test/api/v1/chat/ws", headers: { authorization: "Bearer tl_key" } }]);
    expect(sent("auth")).toEqual([]);
    client.close();
  });

  it("says so when the key is refused, and stops trying", async () => {
    const client = new Tokenline({ url: "http://test", apiKey: "tl_key", WebSocket: HeaderSocket });
    const opened = client.opened();
    await settle();
    FakeSocket.latest().hear({ type: "error", error: { code: "not_signed_in" }, ticket_id: null });
    const refusal = expect(opened).rejects.toMatchObject({ code: "not_signed_in" });
    await vi.advanceTimersByTimeAsync(60_000);
    await refusal;
    expect(made).toHaveLength(1);
  });

  it("needs something to sign in with", () => {
    expect(() => new Tokenline({ url: "http://test" })).toThrow(TypeError);
  });
});

describe("an answer", () => {
  it("is a course of events, then a text", async () => {
    const client = await connected();
    const answer = client.ask("Hello?", { conversationId: C });
    const events = listen(answer);
    accept();
    FakeSocket.latest().hear(queued(2));
    await settle();
    FakeSocket.latest().hear({ type: "processing", ticket_id: T, attempt: 1 });
    await settle();
    FakeSocket.latest().hear(delta(0, "Hi 👋"));
    FakeSocket.latest().hear(delta(4, " and"));
    await settle();
    FakeSocket.latest().hear({ type: "restarted", ticket_id: T, attempt: 2 });
    FakeSocket.latest().hear(delta(0, "Ho", 2));
    FakeSocket.latest().hear(complete(2, "", 2));
    await settle();
    expect(events).toMatchObject([
      { type: "accepted", ticketId: T, conversationId: C },
      { type: "waiting", position: 2, eta: { likely_s: 4 } },
      { type: "started", attempt: 1 },
      { type: "text", text: "Hi 👋 and" },
      { type: "restarted", attempt: 2 },
      { type: "text", text: "Ho" },
      { type: "end", state: "complete", text: "Ho", error: null },
    ]);
    expect(await answer.text()).toBe("Ho");
    client.close();
  });

  it("goes on over a break, and tells nothing twice", async () => {
    const client = await connected();
    const events = listen(client.ask("Hello?", { conversationId: C }));
    accept();
    FakeSocket.latest().hear(delta(0, "Hi 👋"));
    await settle();
    FakeSocket.latest().break();
    await vi.advanceTimersByTimeAsync(500);
    FakeSocket.latest().accept();
    expect(sent("resume")).toEqual([{ type: "resume", ticket_id: T, attempt: 1, offset: 4 }]);
    FakeSocket.latest().hear(delta(0, "Hi 👋 and 🎉"));
    FakeSocket.latest().hear(complete(10));
    await settle();
    const pieces = events.flatMap((event) => (event.type === "text" ? [event.text] : []));
    expect(pieces).toEqual(["Hi 👋", " and 🎉"]);
    client.close();
  });

  it("that is refused ends so, and its text is an error", async () => {
    const client = await connected();
    const answer = client.ask("Hello?", { conversationId: C });
    const id = sent("send")[0]!["client_message_id"];
    const error = { code: "busy", message: "Later.", detail: {} };
    FakeSocket.latest().hear({ type: "error", error, ticket_id: null, client_message_id: id, retry: false });
    await expect(answer.text()).rejects.toMatchObject({ code: "busy" });
    client.close();
  });

  it("can be stopped before anybody has accepted it", async () => {
    const client = await connected();
    const answer = client.ask("Hello?", { conversationId: C });
    const events = listen(answer);
    await settle();
    answer.stop();
    await settle();
    expect(events).toEqual([{ type: "end", state: "cancelled", text: "", error: null }]);
    accept();
    expect(sent("cancel")).toEqual([{ type: "cancel", ticket_id: T }]);
    client.close();
  });

  it("can be stopped while it streams, and keeps its text", async () => {
    const client = await connected();
    const answer = client.ask("Hello?", { conversationId: C });
    accept();
    FakeSocket.latest().hear(delta(0, "Hi"));
    answer.stop();
    expect(sent("cancel")).toEqual([{ type: "cancel", ticket_id: T }]);
    FakeSocket.latest().hear({ type: "cancelled", ticket_id: T, message_id: null });
    expect(await answer.text()).toBe("Hi");
    client.close();
  });

  it("of a former run goes on behind what is here already", async () => {
    vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ id: T, conversation_id: C })));
    const client = await connected();
    const events = listen(await client.resume(T, { attempt: 1, text: "Hi 👋" }));
    expect(sent("resume")).toEqual([{ type: "resume", ticket_id: T, attempt: 1, offset: 4 }]);
    FakeSocket.latest().hear(delta(4, " again"));
    FakeSocket.latest().hear(complete(10));
    await settle();
    expect(events.at(-1)).toMatchObject({ type: "end", text: "Hi 👋 again" });
    client.close();
  });

  it("does not come any more once the client is closed", async () => {
    const client = await connected();
    const text = client.ask("Hello?", { conversationId: C }).text();
    const refusal = expect(text).rejects.toBeInstanceOf(ApiError);
    client.close();
    await refusal;
  });
});

describe("the entry point", () => {
  it("needs no package: neither React nor the components of the pages", () => {
    sources = import.meta.glob("../src/**/*.ts", { eager: true, query: "?raw", import: "default" });
    const imported = (path: string, seen = new Set<string>()): Set<string> => {
      if (seen.has(path)) return seen;
      seen.add(path);
      for (const [, target] of sources[path]!.matchAll(/from "([^"]+)"/g)) {
        if (!target!.startsWith(".")) throw new Error(`${path} imports ${target}`);
        imported(`../src/${new URL(`${target}.ts`, `file:///${path.replace("../src/", "")}`).pathname.slice(1)}`, seen);
      }
      return seen;
    };
    const files = [...imported("../src/index.ts")];
    expect(files.length).toBeGreaterThan(15);
    expect(files.filter((file) => file.includes("/ui/"))).toEqual([]);
  });
});
