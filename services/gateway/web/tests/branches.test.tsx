// @vitest-environment happy-dom
import { ApiError, type Attachment, type ChatState, emptyState, type ThreadMessage, type TicketView } from "@tokenline/client";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useChat } from "../src/state/chat";
import { AnswerFooter } from "../src/thread/AnswerFooter";
import { Asked } from "../src/thread/Asked";
import { Versions } from "../src/thread/Versions";

const client = vi.hoisted(() => ({
  ask: vi.fn(),
  retry: vi.fn(),
  switchTo: vi.fn(),
  copyConversation: vi.fn(),
  apply: vi.fn(),
  state: { attachments: {} },
}));

vi.mock("../src/state/client", () => ({
  session: { email: "ada@example.org" },
  api: { copyConversation: client.copyConversation },
  openChat: () => client,
}));

const file = { id: "f1", name: "report.pdf", size_bytes: 3 } as Attachment;
const question = {
  id: "q2",
  role: "user",
  parent_id: "a1",
  ticket_id: "t2",
  conversation_id: "c1",
  content: "Old text",
  attachment_ids: ["f1"],
  attachments: [file],
  alternatives: ["q1", "q2", "q3"],
} as unknown as ThreadMessage;
const answer = {
  id: "a2",
  role: "assistant",
  status: "complete",
  parent_id: "q2",
  conversation_id: "c1",
  content: "Yes.",
} as unknown as ThreadMessage;

function know(...messages: ThreadMessage[]) {
  const thread = { messages, path: messages.map(({ id }) => id), leafId: null, older: null, loaded: true, stale: false };
  useChat.setState({ state: { ...emptyState(), threads: { c1: thread } } as ChatState });
}

beforeEach(() => {
  for (const call of [client.ask, client.retry, client.switchTo, client.copyConversation]) {
    call.mockReset().mockResolvedValue(undefined);
  }
});

afterEach(() => {
  cleanup();
  useChat.setState({ state: emptyState() });
});

const editor = () => screen.getByLabelText<HTMLTextAreaElement>("Your question, edited");
const click = (name: string) => act(async () => void fireEvent.click(screen.getByRole("button", { name })));

it("sends another text in the place of an answered question, with its files", async () => {
  render(<Asked question={question} files={[]} ticket={null} />);
  await click("Rewrite this question");
  expect(document.activeElement).toBe(editor());
  fireEvent.change(editor(), { target: { value: " New text " } });
  await act(async () => void fireEvent.keyDown(editor(), { key: "Enter" }));
  const to = { conversationId: "c1", agentId: null, attachments: [file], insteadOf: "q2" };
  expect(client.ask).toHaveBeenCalledExactlyOnceWith("New text", to);
  expect(screen.queryByLabelText("Your question, edited")).toBeNull();
});

it("asks nothing when nothing was changed, or Escape was pressed", async () => {
  render(<Asked question={question} files={[]} ticket={null} />);
  await click("Rewrite this question");
  await act(async () => void fireEvent.keyDown(editor(), { key: "Enter" }));
  await click("Rewrite this question");
  fireEvent.change(editor(), { target: { value: "New" } });
  await act(async () => void fireEvent.keyDown(editor(), { key: "Escape" }));
  expect(client.ask).not.toHaveBeenCalled();
  screen.getByText("Old text");
});

it("leaves a question that is under way to its own editor", () => {
  render(<Asked question={question} files={[]} ticket={{ id: "t2", phase: "streaming" } as TicketView} />);
  expect(screen.queryByRole("button", { name: "Rewrite this question" })).toBeNull();
});

it("leads to the versions beside, and no further than there are", async () => {
  know(question);
  render(<Versions message={question} what="Question" />);
  screen.getByRole("group", { name: "Question 2 of 3" });
  await click("Later question");
  expect(client.switchTo).toHaveBeenCalledExactlyOnceWith("c1", "q3");
  await click("Earlier question");
  expect(client.switchTo).toHaveBeenLastCalledWith("c1", "q1");

  cleanup();
  const last = { ...question, id: "q3" };
  know(last);
  render(<Versions message={last} what="Question" />);
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Later question" }).disabled).toBe(true);
});

it("says nothing of versions where there is one", () => {
  know(question, answer);
  render(<Versions message={answer} what="Answer" />);
  expect(screen.queryByRole("group")).toBeNull();
});

it("asks for another answer, and copies up to this one", async () => {
  know(question, answer);
  client.copyConversation.mockResolvedValue({ id: "c2" });
  render(<AnswerFooter message={answer} question={question} />);
  await click("Another answer");
  expect(client.retry).toHaveBeenCalledExactlyOnceWith("a2");
  await click("Copy the conversation up to here");
  expect(client.copyConversation).toHaveBeenCalledExactlyOnceWith("c1", expect.any(String), "a2");
  expect(window.location.pathname).toBe("/chat/c2");
});

it("says why there is no other answer", async () => {
  know(question, answer);
  client.retry.mockRejectedValue(new ApiError(409, { code: "busy", message: "An answer is running.", detail: {} }));
  render(<AnswerFooter message={answer} question={question} />);
  await click("Another answer");
  expect(client.retry).toHaveBeenCalled();
});
