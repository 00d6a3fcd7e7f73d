// @vitest-environment happy-dom
import { type Conversation, emptyState, type ThreadMessage } from "@tokenline/client";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useRef } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TypingHint } from "../src/composer/TypingHint";
import { ConversationRow } from "../src/shell/ConversationRow";
import { useChat } from "../src/state/chat";
import { titleOf } from "../src/state/ended";
import { watchAnswers } from "../src/state/watch";
import { Feedback } from "../src/thread/Feedback";
import { useReading } from "../src/thread/useReading";

const { markRead, rate } = vi.hoisted(() => ({ markRead: vi.fn(), rate: vi.fn(async () => undefined) }));

vi.mock("../src/state/client", () => ({
  session: { email: "ada@example.org" },
  api: {},
  openChat: () => ({ markRead, rate }),
}));

const ANSWER = { id: "m2", conversation_id: "c1", seq: 7, role: "assistant", feedback: null } as ThreadMessage;

let focused = true;
let onScreen: (seen: boolean) => void = () => undefined;

class Observer {
  constructor(callback: (entries: { isIntersecting: boolean }[]) => void) {
    onScreen = (seen) => act(() => callback([{ isIntersecting: seen }]));
  }
  observe = vi.fn();
  disconnect = vi.fn();
}

function conversation(part: Partial<Conversation>): Conversation {
  return { id: "c1", title: "Mont Blanc", archived: false, answer_seq: 0, read_seq: 0, ...part } as Conversation;
}

function show(part: Partial<Conversation>) {
  act(() => useChat.setState({ state: { ...emptyState(), conversations: { c1: conversation(part) } } }));
}

function focus(now: boolean) {
  focused = now;
  act(() => void window.dispatchEvent(new Event(now ? "focus" : "blur")));
}

beforeEach(() => {
  focused = true;
  vi.stubGlobal("IntersectionObserver", Observer);
  vi.spyOn(document, "hasFocus").mockImplementation(() => focused);
  markRead.mockReset();
  rate.mockClear();
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function Read({ answer }: { answer: ThreadMessage | null }) {
  const element = useRef<HTMLDivElement>(null);
  useReading(element, answer);
  return <div ref={element} />;
}

it("marks an answer as read when it is there, on the screen, and looked at", () => {
  focus(false);
  const { rerender } = render(<Read answer={null} />);
  onScreen(true);
  rerender(<Read answer={ANSWER} />);
  expect(markRead).not.toHaveBeenCalled();
  focus(true);
  expect(markRead).toHaveBeenCalledExactlyOnceWith("c1", 7);
});

it("does not take for read what was only scrolled past the end of", () => {
  render(<Read answer={ANSWER} />);
  expect(markRead).not.toHaveBeenCalled();
  onScreen(false);
  expect(markRead).not.toHaveBeenCalled();
  onScreen(true);
  expect(markRead).toHaveBeenCalledOnce();
});

it("shows in the list that an answer is ready, until it is read on any device", () => {
  const { rerender } = render(<ConversationRow conversation={conversation({ answer_seq: 7, read_seq: 2 })} />);
  expect(screen.getByRole("img", { name: "Answer ready" })).toBeTruthy();
  rerender(<ConversationRow conversation={conversation({ answer_seq: 7, read_seq: 7 })} />);
  expect(screen.queryByRole("img", { name: "Answer ready" })).toBeNull();
});

it("shows a title made of script as the text that it is", () => {
  const title = "<img src=x onerror=alert(1)>";
  const { container } = render(<ConversationRow conversation={conversation({ title })} />);
  expect(container.querySelector("img")).toBeNull();
  expect(screen.getByText(title)).toBeTruthy();
});

it("counts unread conversations in the tab's title", () => {
  const leave = watchAnswers(() => undefined);
  show({ answer_seq: 7 });
  expect(document.title).toBe("(1) Tokenline");
  show({ answer_seq: 7, archived: true });
  expect(document.title).toBe("Tokenline");
  show({ answer_seq: 7, read_seq: 7 });
  expect(document.title).toBe("Tokenline");
  leave();
  expect(titleOf(1, 0, 3)).toBe("Answer ready · Tokenline");
});

it("says for five seconds that one is typing on another device", () => {
  vi.useFakeTimers({ now: 100_000 });
  act(() => useChat.setState({ state: { ...emptyState(), typing: { c1: 100_000 } } }));
  render(<TypingHint conversationId="c1" />);
  expect(screen.getByRole("status").textContent).toContain("another device");
  act(() => void vi.advanceTimersByTime(4_000));
  expect(screen.queryByRole("status")).toBeTruthy();
  act(() => useChat.setState({ state: { ...emptyState(), typing: { c1: 104_000 } } }));
  act(() => void vi.advanceTimersByTime(4_000));
  expect(screen.queryByRole("status")).toBeTruthy();
  act(() => void vi.advanceTimersByTime(1_500));
  expect(screen.queryByRole("status")).toBeNull();
});

it("likes an answer, and takes that back", () => {
  const { rerender } = render(<Feedback message={ANSWER} />);
  fireEvent.click(screen.getByRole("button", { name: "Good answer" }));
  expect(rate).toHaveBeenLastCalledWith(ANSWER, { rating: "up" });
  const liked = { ...ANSWER, feedback: { rating: "up", reasons: [], comment: null, at: 1 } } as ThreadMessage;
  rerender(<Feedback message={liked} />);
  expect(screen.getByRole("button", { name: "Good answer" }).getAttribute("aria-pressed")).toBe("true");
  fireEvent.click(screen.getByRole("button", { name: "Good answer" }));
  expect(rate).toHaveBeenLastCalledWith(liked, null);
});

it("asks why an answer is not liked, after it is said", async () => {
  render(<Feedback message={ANSWER} />);
  fireEvent.click(screen.getByRole("button", { name: "Bad answer" }));
  expect(rate).toHaveBeenLastCalledWith(ANSWER, { rating: "down" });
  fireEvent.click(await screen.findByRole("button", { name: "Not correct" }));
  fireEvent.change(screen.getByRole("textbox", { name: "Comment" }), { target: { value: " It is higher. " } });
  fireEvent.click(screen.getByRole("button", { name: "Send feedback" }));
  expect(rate).toHaveBeenLastCalledWith(ANSWER, { rating: "down", reasons: ["incorrect"], comment: "It is higher." });
});
