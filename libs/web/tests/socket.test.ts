import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backoffS } from "../src/backoff";
import { LiveSocket, type SocketState } from "../src/socket";
import { FakeSocket } from "./fake_socket";

let states: SocketState[];
let tokens: (string | undefined)[];

function open(token: (rejected?: string) => Promise<string | null> = async () => "token-1") {
  const socket = new LiveSocket<{ type: string }, { type: string }>({
    url: "ws://test",
    token: (rejected) => {
      tokens.push(rejected);
      return token(rejected);
    },
    onFrame: () => undefined,
    onState: (state) => states.push(state),
    create: () => new FakeSocket() as unknown as WebSocket,
    random: () => 1,
  });
  socket.open();
  return socket;
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  states = [];
  tokens = [];
});

afterEach(() => {
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

describe("the socket", () => {
  it("authenticates with its first frame and is open when the server is ready", async () => {
    const socket = open();
    await settle();
    expect(socket.send({ type: "cancel" })).toBe(false);
    FakeSocket.latest().accept();
    expect(FakeSocket.latest().sent[0]).toEqual({ type: "auth", token: "token-1" });
    expect(states.at(-1)).toBe("open");
    expect(socket.send({ type: "cancel" })).toBe(true);
    socket.close();
  });

  it("comes back after a break, later each time", async () => {
    const socket = open();
    await settle();
    FakeSocket.latest().accept();
    for (const wait of [500, 1000, 2000]) {
      const before = FakeSocket.all.length;
      FakeSocket.latest().break();
      expect(states.at(-1)).toBe("reconnecting");
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(FakeSocket.all).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(FakeSocket.all).toHaveLength(before + 1);
    }
    socket.close();
  });

  it("pings, and gives a silent connection up within 30 s", async () => {
    const socket = open();
    await settle();
    const first = FakeSocket.latest();
    first.accept();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(first.sent.filter(({ type }) => type === "ping").length).toBeGreaterThan(0);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(states.at(-1)).toBe("reconnecting");
    expect(first.readyState).toBe(3);
    socket.close();
  });

  it("gives a connection up within 30 s of what it last heard, whenever that was", async () => {
    const socket = open();
    await settle();
    const first = FakeSocket.latest();
    first.accept();
    await vi.advanceTimersByTimeAsync(1_000);
    first.hear({ type: "pong", id: 1 });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(first.readyState).toBe(3);
    socket.close();
  });

  it("gives up in that time on a connection that never opens", async () => {
    const socket = open();
    await settle();
    const first = FakeSocket.latest();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(first.readyState).toBe(3);
    socket.close();
  });

  it("asks for another token when the server refuses this one", async () => {
    const socket = open(async (rejected) => (rejected ? "token-2" : "token-1"));
    await settle();
    FakeSocket.latest().onopen?.();
    FakeSocket.latest().hear({ type: "error", error: { code: "token_expired" }, ticket_id: null });
    await vi.advanceTimersByTimeAsync(500);
    expect(tokens).toEqual([undefined, "token-1"]);
    FakeSocket.latest().accept();
    expect(FakeSocket.latest().sent[0]).toEqual({ type: "auth", token: "token-2" });
    socket.close();
  });

  it("tells an open connection of the next token", async () => {
    let token = "token-1";
    const socket = open(async () => token);
    await settle();
    const first = FakeSocket.latest();
    first.accept();
    token = "token-2";
    await vi.advanceTimersByTimeAsync(15_000);
    expect(first.sent).toContainEqual({ type: "auth", token: "token-2" });
    socket.close();
  });

  it("stops when nobody is signed in any more", async () => {
    open(async () => null);
    await settle();
    expect(states.at(-1)).toBe("stopped");
    expect(FakeSocket.all).toEqual([]);
  });
});

it("waits between half a second and eight, with jitter", () => {
  expect([0, 1, 2, 3, 4, 9].map((attempt) => backoffS(attempt, () => 1))).toEqual([0.5, 1, 2, 4, 8, 8]);
  expect(backoffS(9, () => 0)).toBe(4);
});
