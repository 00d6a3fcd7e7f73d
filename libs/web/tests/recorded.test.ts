import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AnswerEvent, newsOf } from "../src/answer";
import type { Api } from "../src/api";
import { ChatClient } from "../src/chat";
import { afterCodePoints } from "../src/codepoints";
import type { ServerFrame } from "../src/generated/frames";
import { reduce } from "../src/state/reducer";
import { wholeTicket } from "../src/state/rows";
import { type ChatState, emptyState, type TicketView } from "../src/state/types";
import { FakeSocket } from "./fake_socket";
import { framesOf, heard, type Recording, RECORDINGS, seeded } from "./recordings";

const after = (frames: ServerFrame[], state = emptyState()) => frames.reduce<ChatState>(reduce, state);

function expectAnswers(state: ChatState, { answers }: Recording): void {
  for (const [id, answer] of Object.entries(answers)) {
    expect(wholeTicket(state, id)).toMatchObject({ phase: answer.state });
    if (answer.state === "complete") expect(wholeTicket(state, id)?.text).toBe(answer.text);
    // What was stopped is stored with what its worker had written; here is what had come by then.
    if (answer.state === "cancelled") expect(answer.text.startsWith(wholeTicket(state, id)!.text)).toBe(true);
  }
}

it("has recordings of all that matters", () => {
  const kinds = new Set(RECORDINGS.flatMap(heard).map(({ type }) => type));
  for (const kind of ["held", "queued", "delta", "restarted", "snapshot", "complete", "cancelled", "error", "edited", "tool_call"]) {
    expect(kinds).toContain(kind);
  }
});

describe.each(RECORDINGS)("$name: $what", (recording) => {
  it("ends in the stored answers", () => {
    expectAnswers(after(heard(recording)), recording);
  });

  it("is the same when every frame comes twice", () => {
    const once = after(heard(recording));
    expect(after(heard(recording).flatMap((frame) => [frame, frame]))).toEqual(once);
  });

  it("had the recorded cursor whenever the recorded client resumed", () => {
    let state = emptyState();
    for (const step of recording.steps) {
      if ("heard" in step) state = reduce(state, step.heard);
      if (!("said" in step) || step.said.type !== "resume" || step.said.offset === 999) continue;
      const { attempt, length } = state.tickets[step.said.ticket_id]!;
      expect({ attempt, length }).toEqual({ attempt: step.said.attempt, length: step.said.offset });
    }
  });

  it("tells its follower of every character once, whatever the follower sees of it", () => {
    const random = seeded(7);
    for (const [id, answer] of Object.entries(recording.answers)) {
      if (answer.state !== "complete") continue;
      const told: AnswerEvent[] = [];
      let state = emptyState();
      let seen: TicketView | null = null;
      for (const frame of framesOf(recording, id)) {
        state = reduce(state, frame);
        const now = wholeTicket(state, id);
        if (now === null || (random() < 0.5 && now.phase !== "complete")) continue;
        told.push(...newsOf(seen, now));
        seen = now;
        if (told.at(-1)?.type === "end") break;
      }
      let text = "";
      for (const event of told) {
        if (event.type === "restarted") text = "";
        if (event.type === "text") text += event.text;
      }
      expect(text).toBe(answer.text);
      expect(told.filter(({ type }) => type === "end")).toMatchObject([{ state: "complete", text: answer.text }]);
    }
  });
});

/** Frames that say by themselves where a ticket is. */
const STATES: ReadonlySet<string> = new Set(["held", "queued", "position", "complete", "error", "cancelled"]);

/** A gateway that follows one recorded ticket: at a resume it sends what lies beyond the cursor, as the real one does. */
class Gateway {
  private at = 0;

  constructor(
    private readonly ticketId: string,
    private readonly frames: ServerFrame[],
  ) {}

  get done(): boolean {
    return this.at === this.frames.length;
  }

  next(): ServerFrame {
    return this.frames[this.at++]!;
  }

  /** Frames that nobody hears. */
  pass(count: number): void {
    this.at = Math.min(this.frames.length, this.at + count);
  }

  beyond(attempt: number, offset: number): ServerFrame[] {
    const passed = this.frames.slice(0, this.at);
    const now = after(passed).tickets[this.ticketId]!;
    let text = "";
    for (const frame of passed) {
      if (frame.type === "restarted") text = "";
      if (frame.type === "delta") text += frame.text;
    }
    const news: ServerFrame[] = [];
    const own = { ticket_id: now.id, attempt: now.attempt };
    if (attempt > 0 && attempt < now.attempt) news.push({ type: "restarted", ...own });
    const from = attempt === now.attempt ? offset : 0;
    const rest = afterCodePoints(text, from);
    if (rest) news.push({ type: "delta", ...own, offset: from, text: rest });
    const last = passed.at(-1)!;
    return STATES.has(last.type) ? [...news, last] : news;
  }
}

/** Answers recorded in one piece: every frame of theirs was heard on one socket. */
const WHOLE = RECORDINGS.filter(({ steps }) => !steps.some((step) => "cut" in step)).flatMap((recording) =>
  Object.entries(recording.answers)
    .filter(([id, { state }]) => state === "complete" && framesOf(recording, id).some(({ type }) => type === "delta"))
    .map(([id, answer]) => ({ name: recording.name, id, frames: framesOf(recording, id), text: answer.text })),
);

describe.each(WHOLE)("the answer in $name, with a connection that breaks", ({ id, frames, text }) => {
  beforeEach(() => {
    vi.useFakeTimers();
    FakeSocket.all = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("comes whole, wherever it breaks", async () => {
    for (let seed = 0; seed < 200; seed++) await broken(seed);
  });

  async function broken(seed: number): Promise<void> {
    const random = seeded(seed);
    const gateway = new Gateway(id, frames.filter(({ type }) => type !== "edited"));
    const chat = new ChatClient({
      credentials: { token: async () => "token" },
      api: {} as Api,
      outbox: { load: () => [], save: () => undefined },
      url: "ws://test",
      create: () => new FakeSocket() as unknown as WebSocket,
    });
    chat.open();
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.latest().accept();
    while (!gateway.done) {
      FakeSocket.latest().hear(gateway.next());
      if (random() > 0.4 || gateway.done) continue;
      FakeSocket.latest().break();
      gateway.pass(Math.floor(random() * 4));
      await vi.advanceTimersByTimeAsync(1000);
      const { sent } = FakeSocket.latest();
      FakeSocket.latest().accept();
      for (const frame of sent.filter(({ type }) => type === "resume")) {
        for (const news of gateway.beyond(frame["attempt"] as number, frame["offset"] as number)) {
          FakeSocket.latest().hear(news);
        }
      }
    }
    expect(wholeTicket(chat.state, id), `seed ${seed}`).toMatchObject({ phase: "complete", text });
    chat.close();
  }
});
