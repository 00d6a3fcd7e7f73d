// @vitest-environment happy-dom
import { ApiError, type Attachment, emptyState, type Outgoing } from "@tokenline/client";
import { act, cleanup, render, renderHook, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AttachmentTray } from "../src/composer/AttachmentTray";
import { PauseNotice } from "../src/composer/PauseNotice";
import { useRefusal } from "../src/composer/useRefusal";
import { useChat } from "../src/state/chat";
import { forgetDrafts, useDraft } from "../src/state/drafts";
import { forgetPause, pauseSending, usePause } from "../src/state/pause";
import { choose, clear, forgetUploads, useChosen } from "../src/state/uploads";

const { discard, apply, upload } = vi.hoisted(() => ({ discard: vi.fn(), apply: vi.fn(), upload: vi.fn() }));

vi.mock("../src/state/client", () => ({
  session: { email: "ada@example.org" },
  api: {},
  openChat: () => ({ discard, apply }),
}));
vi.mock("../src/state/queries", () => ({ useAttachmentWatch: () => undefined }));
vi.mock("../src/files/useThumbnail", () => ({ useThumbnail: () => null }));
vi.mock("@tokenline/client", async (original) => ({ ...(await original<object>()), upload }));

const LIMITED = {
  code: "rate_limited",
  message: "1,000 messages are allowed in 60 s. You can send again in 40 s.",
  detail: { limit: "messages", of: "user", max: 1000, per_s: 60, used: 1000, retry_after_s: 39.2, reset_at: 1 },
};
const REFUSED: Outgoing = {
  clientMessageId: "q1",
  conversationId: "c1",
  agentId: null,
  content: "One more?",
  attachments: [{ id: "f1", name: "report.pdf", size_bytes: 9 } as Attachment],
  createdAt: 1,
  error: LIMITED,
};

beforeEach(() => {
  vi.useFakeTimers();
  for (const mock of [discard, apply, upload]) mock.mockReset();
});

afterEach(() => {
  cleanup();
  forgetPause();
  forgetUploads();
  forgetDrafts();
  clear("c1");
  localStorage.clear();
  useChat.setState({ state: emptyState() });
  vi.useRealTimers();
});

it.each([
  ["c1", "c1"],
  [null, "new"],
])("keeps text and files of a question that was one too many (conversation %s)", (conversationId, thread) => {
  const { result } = renderHook(() => {
    useRefusal(conversationId, false);
    return { pause: usePause(), draft: useDraft(thread), files: useChosen(thread).map(({ name }) => name) };
  });
  act(() => useChat.setState({ state: { ...emptyState(), outbox: [{ ...REFUSED, conversationId }] } }));
  expect(result.current).toEqual({
    pause: { what: "1,000 messages are allowed in 1 min.", seconds: 40 },
    draft: "One more?",
    files: ["report.pdf"],
  });
  expect(discard).toHaveBeenCalledWith("q1");
  clear(thread);
});

it("counts down, and lets one send again by itself", () => {
  const { result } = renderHook(usePause);
  expect(result.current).toBeNull();
  act(() => pauseSending(LIMITED));
  act(() => vi.advanceTimersByTime(30_000));
  expect(result.current?.seconds).toBe(10);
  act(() => vi.advanceTimersByTime(10_000));
  expect(result.current).toBeNull();
});

it("says what the server says where it knows no better", () => {
  const { result } = renderHook(usePause);
  act(() => pauseSending({ code: "rate_limited", message: "Slow down.", detail: {} }));
  expect(result.current).toEqual({ what: "Slow down.", seconds: 5 });
});

it("is read out once, and shows a running clock", () => {
  const { rerender } = render(<PauseNotice what="3 messages are allowed in 1 min." seconds={75} />);
  expect(screen.getByRole("status").textContent).toBe("3 messages are allowed in 1 min. Your text is kept.");
  expect(screen.getByText("1:15")).toBeTruthy();
  rerender(<PauseNotice what="3 messages are allowed in 1 min." seconds={74} />);
  expect(screen.getByText("1:14")).toBeTruthy();
});

it("uploads by itself when there is room again", async () => {
  const attachment = { id: "f2", name: "a.txt", size_bytes: 1, state: "queued", mime_type: "text/plain" } as Attachment;
  const refusal = new ApiError(429, { ...LIMITED, detail: { limit: "uploads", retry_after_s: 12 } });
  upload.mockReturnValueOnce({ done: Promise.reject(refusal), abort: vi.fn() });
  upload.mockReturnValueOnce({ done: Promise.resolve(attachment), abort: vi.fn() });
  render(<AttachmentTray thread="c1" />);
  await act(async () => choose("c1", [new File(["x"], "a.txt")]));
  expect(screen.getByText(/uploads in 0:12/)).toBeTruthy();
  act(() => vi.advanceTimersByTime(2_000));
  expect(screen.getByText(/uploads in 0:10/)).toBeTruthy();
  await act(() => vi.advanceTimersByTimeAsync(10_000));
  expect(upload).toHaveBeenCalledTimes(2);
  expect(screen.getByText(/queued/)).toBeTruthy();
});

it("forgets a waiting upload that was removed", async () => {
  const refusal = new ApiError(429, { ...LIMITED, detail: { limit: "uploads", retry_after_s: 12 } });
  upload.mockReturnValue({ done: Promise.reject(refusal), abort: vi.fn() });
  render(<AttachmentTray thread="c1" />);
  await act(async () => choose("c1", [new File(["x"], "a.txt")]));
  await act(async () => screen.getByRole("button", { name: "Remove a.txt" }).click());
  await act(() => vi.advanceTimersByTimeAsync(20_000));
  expect(upload).toHaveBeenCalledTimes(1);
});
