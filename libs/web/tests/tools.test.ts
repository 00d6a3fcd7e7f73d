import { expect, it } from "vitest";
import { newsOf } from "../src/answer";
import type { ServerFrame } from "../src/generated/frames";
import { reduce } from "../src/state/reducer";
import { emptyState, type TicketView } from "../src/state/types";
import { accepted, delta, T } from "./frames";

const step = (status: "started" | "completed", attempt = 1): ServerFrame => ({
  type: "tool_call",
  ticket_id: T,
  attempt,
  call_id: "c1",
  name: "search_files",
  status,
  detail: { arguments: "{}", summary: status === "completed" ? "1 passage" : null, duration_s: null },
});

/** What a program is told when it looks after each of these. */
function told(...frames: ServerFrame[]): string[] {
  let state = emptyState();
  let seen: TicketView | null = null;
  return frames.flatMap((frame) => {
    state = reduce(state, frame);
    const news = newsOf(seen, state.tickets[T]!);
    seen = state.tickets[T]!;
    return news.flatMap((event) => (event.type === "tool" ? event.call.status : event.type === "text" ? event.text : []));
  });
}

it("tells a program of each step of a tool once, between the text before and after it", () => {
  expect(told(accepted, delta(0, "a"), step("started"), step("started"), step("completed"), delta(1, "b"))).toEqual([
    "a",
    "started",
    "completed",
    "b",
  ]);
});

it("tells of those of another attempt anew", () => {
  expect(told(accepted, step("completed"), step("started", 2))).toEqual(["completed", "started"]);
});
