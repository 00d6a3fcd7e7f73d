import { afterEach, beforeEach, expect, it } from "vitest";
import WebSocket from "ws";
import { type AnswerEvent, connect, type HeaderSocket, type Tokenline } from "../src";
import { seeded } from "../tests/recordings";

const url = import.meta.env["VITE_TOKENLINE_URL"] as string;
const apiKey = import.meta.env["VITE_TOKENLINE_KEY"] as string;
const WORDS = Array.from({ length: 300 }, (_, number) => `${number}·🎟`).join(" ");

const streams = (say: string, per_second: number) => JSON.stringify({ say, per_second });
const random = seeded(1);
let cuts = 0;

/** A connection that breaks without a goodbye after every few messages. */
class Fragile extends WebSocket {
  constructor(address: string, options: { headers: Record<string, string> }) {
    super(address, options);
    let left = 4 + Math.floor(random() * 8);
    this.on("message", () => {
      if (--left > 0) return;
      cuts++;
      this.terminate();
    });
  }
}

let client: Tokenline;

beforeEach(async () => {
  client = await connect({ url, apiKey, WebSocket });
});
afterEach(() => client.close());

const stored = async (id: string) => (await client.api.ticket(id)).answer?.content;

it("asks, streams, and has the text that is stored", async () => {
  const answer = client.ask(streams("one two three 🎟", 50));
  const events: AnswerEvent[] = [];
  for await (const event of answer) events.push(event);
  expect(events[0]).toMatchObject({ type: "accepted" });
  expect(events.flatMap((event) => (event.type === "text" ? [event.text] : [])).join("")).toBe("one two three 🎟");
  expect(events.at(-1)).toMatchObject({ type: "end", state: "complete", text: await stored(answer.ticket!.id) });
});

it("loses no character and repeats none over a connection that keeps breaking", async () => {
  const fragile = await connect({ url, apiKey, WebSocket: Fragile as HeaderSocket });
  const answer = fragile.ask(streams(WORDS, 120));
  const pieces: string[] = [];
  for await (const event of answer) if (event.type === "text") pieces.push(event.text);
  expect(pieces.join("")).toBe(WORDS);
  expect(await stored(answer.ticket!.id)).toBe(WORDS);
  expect(cuts).toBeGreaterThan(0);
  fragile.close();
});

it("waits in line, is stopped, and goes on in another run", async () => {
  const first = client.ask(streams(WORDS, 20));
  for await (const event of first) if (event.type === "text") break;
  const behind = client.ask(streams("at last", 0));
  for await (const event of behind) {
    if (event.type !== "waiting") continue;
    expect(event.position).toBe(0);
    break;
  }
  const { id, attempt, text } = first.ticket!;
  const other = await connect({ url, apiKey, WebSocket });
  const resumed = await other.resume(id, { attempt, text });
  for await (const event of resumed) if (event.type === "text") break;
  resumed.stop();
  expect(WORDS.startsWith(await resumed.text())).toBe(true);
  expect(await first.text()).toContain(text);
  expect(await behind.text()).toBe("at last");
  expect(await client.api.ticket(id)).toMatchObject({ state: "cancelled" });
  other.close();
});

it("uploads", async () => {
  const sent: number[] = [];
  const file = await client.upload(new File(["The facts."], "facts.txt"), (fraction) => sent.push(fraction));
  expect(file).toMatchObject({ name: "facts.txt", size_bytes: 10 });
  expect(sent.at(-1)).toBe(1);
});

it("says what is wrong", async () => {
  await expect(connect({ url, apiKey: "tl_wrong", WebSocket })).rejects.toMatchObject({ code: "not_signed_in" });
  await expect(client.resume("nobody's")).rejects.toMatchObject({ status: 404, code: "not_found" });
  await expect(client.ask("  ").text()).rejects.toMatchObject({ code: "bad_request" });
});
