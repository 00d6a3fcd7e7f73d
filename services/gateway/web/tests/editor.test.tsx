// @vitest-environment happy-dom
import { ApiError, type ThreadMessage, type TicketView } from "@tokenline/client";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { beginEdit, forgetEdits, recallEdits } from "../src/state/edits";
import { Asked } from "../src/thread/Asked";

const { edit, ask } = vi.hoisted(() => ({ edit: vi.fn(), ask: vi.fn() }));

vi.mock("../src/state/client", () => ({
  session: { email: "ada@example.org" },
  openChat: () => ({ edit, ask, state: { attachments: {} } }),
}));

const QUESTION = { id: "m1", ticket_id: "t1", conversation_id: "c1", content: "Old text" } as ThreadMessage;

function asked(phase: TicketView["phase"] | null) {
  const ticket = phase && ({ id: "t1", phase } as TicketView);
  return <Asked question={QUESTION} files={[]} ticket={ticket} />;
}

const editor = () => screen.getByLabelText<HTMLTextAreaElement>("Your question, edited");
const type = (value: string) => fireEvent.change(editor(), { target: { value } });
const press = (key: string, more = {}) => act(async () => void fireEvent.keyDown(editor(), { key, ...more }));

beforeEach(() => {
  edit.mockReset().mockResolvedValue(undefined);
  ask.mockReset();
});

afterEach(() => {
  cleanup();
  localStorage.clear();
  forgetEdits();
});

function open(phase: TicketView["phase"] | null = "queued") {
  const page = render(asked(phase));
  act(() => beginEdit("t1", QUESTION.content));
  return page;
}

it("stands in the place of the text, has the focus, and saves on Enter", async () => {
  open();
  expect(screen.queryByText("Old text", { selector: "p" })).toBeNull();
  expect(document.activeElement).toBe(editor());
  type("  New text ");
  await press("Enter", { shiftKey: true });
  expect(edit).not.toHaveBeenCalled();
  await press("Enter");
  expect(edit).toHaveBeenCalledExactlyOnceWith("t1", "New text");
  expect(screen.queryByLabelText("Your question, edited")).toBeNull();
});

it("is left with Escape, unchanged", async () => {
  open();
  type("New text");
  await press("Escape");
  expect(edit).not.toHaveBeenCalled();
  screen.getByText("Old text", { selector: "p" });
});

it("sends nothing when nothing was changed, and nothing that is empty", async () => {
  open();
  type(" ");
  await press("Enter");
  type("Old text");
  await press("Enter");
  expect(edit).not.toHaveBeenCalled();
  screen.getByText("Old text", { selector: "p" });
});

it("keeps the text when a worker was faster, and offers to send it as a new message", async () => {
  edit.mockRejectedValue(new ApiError(409, { code: "too_late", message: "This ticket no longer waits.", detail: {} }));
  open();
  type("New text");
  await press("Enter");
  expect(screen.getByRole("alert").textContent).toContain("A worker has just taken it");
  screen.getByText("Old text", { selector: "p" });
  expect(editor().value).toBe("New text");
  await press("Escape");
  fireEvent.click(screen.getByText("Send as a new message"));
  expect(ask).toHaveBeenCalledExactlyOnceWith("New text", { conversationId: "c1", agentId: null, attachments: [] });
  expect(screen.queryByLabelText("Your question, edited")).toBeNull();
});

it.each([
  ["processing", "A worker has just taken it"],
  ["cancelled", "It was withdrawn meanwhile"],
  ["complete", "It has ended meanwhile"],
  [null, "It has ended meanwhile"],
] as const)("notices by itself that the ticket is %j by now, and keeps the keyboard", (phase, sentence) => {
  const page = open();
  type("New text");
  page.rerender(asked(phase));
  expect(screen.getByRole("alert").textContent).toContain(sentence);
  expect(document.activeElement).toBe(editor());
  expect(editor().value).toBe("New text");
});

it("goes quietly when it is too late but nothing was changed", () => {
  const page = open();
  page.rerender(asked("processing"));
  expect(screen.queryByRole("alert")).toBeNull();
  expect(screen.queryByLabelText("Your question, edited")).toBeNull();
});

it("stays with the reason when saving fails otherwise", async () => {
  edit.mockRejectedValueOnce(new ApiError(503, { code: "store_unavailable", message: "No store.", detail: {} }));
  open();
  type("New text");
  await press("Enter");
  expect(screen.getByRole("alert").textContent).toBe("No store.");
  await press("Enter");
  expect(edit).toHaveBeenCalledTimes(2);
  expect(screen.queryByLabelText("Your question, edited")).toBeNull();
});

it("survives a reload", () => {
  open();
  type("New text");
  cleanup();
  forgetEdits();
  act(recallEdits);
  render(asked("unknown"));
  expect(editor().value).toBe("New text");
});
