// @vitest-environment happy-dom
import { newTicket, reduce, emptyState, type ServerFrame, type ThreadMessage } from "@tokenline/client";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { ToolCalls } from "../src/thread/ToolCalls";
import { type ToolUse, usesIn, usesOf, wordsOf } from "../src/thread/tool_uses";

afterEach(cleanup);

const use = (part: Partial<ToolUse>): ToolUse => ({
  id: "c1",
  name: "search_files",
  status: "completed",
  arguments: '{"query": "height of\\n the tower"}',
  summary: "4 passages",
  duration_s: 0.41,
  ...part,
});
const said = (part: Partial<ToolUse>) => Object.values(wordsOf(use(part))).join(" | ");
const lines = () => screen.getAllByRole("listitem").map((item) => item.textContent);

it("says what is looked for, what was found and what went wrong, whatever the model wrote", () => {
  expect(said({})).toBe("Searched files for “height of the tower” | 4 passages");
  expect(said({ status: "started", summary: null })).toBe("Searching files for “height of the tower” | ");
  expect(said({ status: "failed", arguments: "{", summary: "No." })).toBe("Could not search files | No.");
  for (const written of ["", "null", "[]", "7", '{"query": 7}', '{"query": " "}']) {
    expect(said({ arguments: written })).toBe("Searched files | 4 passages");
  }
  expect(wordsOf(use({ arguments: JSON.stringify({ query: "👋".repeat(900) }) })).said).toMatch(/^.{20,180}…”$/u);
  const time = { name: "current_time", arguments: '{"timezone": "America/New_York"}', summary: "12:00" };
  expect(said(time)).toBe("Looked up the time in New York | 12:00");
  expect(said({ name: "open_door", summary: null })).toBe("Used open door | ");
});

it("shows a use while it runs, the reading of its result, and only what was carried out here of a stored answer", () => {
  const { rerender, container } = render(<ToolCalls uses={[use({ status: "started", summary: null })]} reading />);
  expect(lines()).toEqual(["Searching files for “height of the tower”"]);
  expect(screen.getAllByLabelText("Under way")).toHaveLength(1);
  rerender(<ToolCalls uses={[use({})]} reading />);
  expect(lines()).toEqual(["Searched files for “height of the tower” · 4 passages", "Reading the results"]);
  rerender(<ToolCalls uses={[use({ status: "failed", summary: "The files cannot be searched at the moment." })]} />);
  expect(lines()).toEqual([
    "Could not search files for “height of the tower”. The files cannot be searched at the moment.",
  ]);
  const outcome = { status: "completed" as const, summary: "1 passage", duration_s: 1 };
  const made = { id: "a", name: "search_files", arguments: "{}", outcome };
  const stored = { tool_calls: [made, { ...made, id: "b", outcome: null }] } as ThreadMessage;
  rerender(<ToolCalls uses={usesOf(stored)} />);
  expect(lines()).toEqual(["Searched files · 1 passage"]);
  rerender(<ToolCalls uses={usesOf({ tool_calls: [] as unknown } as ThreadMessage)} />);
  expect(container.textContent).toBe("");
});

const step = (call_id: string, status: "started" | "completed", attempt = 1): ServerFrame => ({
  type: "tool_call",
  ticket_id: "t",
  attempt,
  call_id,
  name: "current_time",
  status,
  detail: { arguments: "{}", summary: status === "started" ? null : "12:00", duration_s: null },
});
const shown = (...frames: ServerFrame[]) =>
  usesIn(frames.reduce(reduce, emptyState()).tickets.t ?? newTicket("t")).map(({ id, status }) => `${id} ${status}`);

it("keeps the order of calls, whatever is told again, and forgets those of an earlier attempt", () => {
  expect(shown(step("a", "started"), step("b", "started"), step("a", "completed"))).toEqual(["a completed", "b started"]);
  expect(shown(step("a", "started"), step("a", "completed"), step("a", "started"))).toEqual(["a completed"]);
  expect(shown(step("a", "completed"), step("b", "started", 2), step("a", "completed"))).toEqual(["b started"]);
  const snapshot: ServerFrame = { type: "snapshot", ticket_id: "t", attempt: 2, text: "x", recovered: false };
  expect(shown(step("a", "completed"), snapshot)).toEqual([]);
});

it("says that what was under way when the answer was stopped did not end", () => {
  expect(shown(step("a", "completed"), step("b", "started"), { type: "cancelled", ticket_id: "t", message_id: null })).toEqual([
    "a completed",
    "b failed",
  ]);
});
