// @vitest-environment happy-dom
import { type Attachment, emptyState, type Outgoing } from "@tokenline/client";
import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useRefusal } from "../src/composer/useRefusal";
import { useChat } from "../src/state/chat";
import { forgetDrafts, setDraft, useDraft } from "../src/state/drafts";
import { clear, useChosen, useUploads } from "../src/state/uploads";

const { discard } = vi.hoisted(() => ({ discard: vi.fn() }));

vi.mock("../src/state/client", () => ({
  session: { email: "ada@example.org" },
  openChat: () => ({ discard }),
}));

const REFUSED: Outgoing = {
  clientMessageId: "q1",
  conversationId: "c1",
  agentId: null,
  content: "And then?",
  attachments: [{ id: "f1", name: "report.pdf", size_bytes: 9 } as Attachment],
  createdAt: 1,
  error: { code: "busy", message: "Still being answered.", detail: {} },
};

const show = (outbox: Outgoing[]) => act(() => useChat.setState({ state: { ...emptyState(), outbox } }));

function composer(busy = true) {
  const render = ({ busy }: { busy: boolean }) => {
    const [sentence] = useRefusal("c1", busy);
    return { sentence, draft: useDraft("c1"), files: useChosen("c1").map(({ name }) => name) };
  };
  return renderHook(render, { initialProps: { busy } });
}

beforeEach(() => discard.mockReset());

afterEach(() => {
  cleanup();
  localStorage.clear();
  forgetDrafts();
  clear("c1");
  show([]);
});

it("puts text and files back into the composer, with the reason until nothing runs any more", () => {
  const { result, rerender } = composer();
  show([REFUSED]);
  expect(result.current).toEqual({ sentence: "Still being answered.", draft: "And then?", files: ["report.pdf"] });
  expect(discard).toHaveBeenCalledExactlyOnceWith("q1");
  rerender({ busy: false });
  expect(result.current).toMatchObject({ sentence: null, draft: "And then?" });
});

it("says which files are gone, and sends the rest without them", () => {
  const { result } = composer(false);
  const attachments = ["f1", "f2"].map((id) => ({ id, name: `${id}.pdf`, size_bytes: 9 }) as Attachment);
  const error = { code: "file_gone", message: "A file is no longer there.", detail: { attachment_ids: ["f2"] } };
  show([{ ...REFUSED, attachments, error }]);
  expect(result.current).toMatchObject({ sentence: "A file is no longer there.", draft: "And then?" });
  const chosen = useUploads.getState().byThread.c1;
  expect(chosen?.map(({ name, attachment, error }) => [name, attachment?.id ?? null, error])).toEqual([
    ["f1.pdf", "f1", null],
    ["f2.pdf", null, "is no longer there. Attach it again."],
  ]);
  expect(discard).toHaveBeenCalledExactlyOnceWith("q1");
});

it("keeps what was begun meanwhile, after it", () => {
  const { result } = composer();
  act(() => setDraft("c1", "Something else"));
  show([REFUSED]);
  expect(result.current.draft).toBe("And then?\n\nSomething else");
});

it("leaves alone what was refused for another reason or belongs elsewhere", () => {
  const { result } = composer();
  const full = { ...REFUSED, error: { code: "queue_full", message: "Full.", detail: {} } };
  show([full, { ...REFUSED, conversationId: "c2" }, { ...REFUSED, error: null }]);
  expect(result.current).toEqual({ sentence: null, draft: "", files: [] });
  expect(discard).not.toHaveBeenCalled();
});
