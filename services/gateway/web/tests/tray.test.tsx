// @vitest-environment happy-dom
import { ApiError, type Attachment, emptyState } from "@tokenline/client";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AttachmentTray } from "../src/composer/AttachmentTray";
import { COMPOSER_ID } from "../src/composer/focus";
import { spokenOf } from "../src/composer/spoken";
import { useChat } from "../src/state/chat";
import { type Chosen, clear, forgetUploads, restore, useUploads } from "../src/state/uploads";

const { attachment, deleteAttachment } = vi.hoisted(() => ({ attachment: vi.fn(), deleteAttachment: vi.fn() }));

vi.mock("../src/state/client", () => ({
  session: { email: "ada@example.org" },
  api: { attachment, deleteAttachment },
  openChat: () => ({ apply: () => undefined }),
}));
vi.mock("../src/state/queries", () => ({ useAttachmentWatch: () => undefined }));
vi.mock("../src/files/useThumbnail", () => ({ useThumbnail: () => null }));

const file = (name: string, part: Partial<Attachment> = {}) =>
  ({
    id: name, name, size_bytes: 9, mime_type: "text/plain", state: "indexed", conversation_id: null, url: null,
    version: 0, error: null, progress: null, warning: null, ...part,
  }) as Attachment;

beforeEach(() => {
  deleteAttachment.mockResolvedValue(undefined);
  vi.stubGlobal("matchMedia", () => ({ matches: true }));
});

afterEach(() => {
  cleanup();
  forgetUploads();
  sessionStorage.clear();
  attachment.mockReset();
  useChat.setState({ state: emptyState() });
});

function show() {
  return render(
    <>
      <AttachmentTray thread="c1" />
      <textarea id={COMPOSER_ID} />
    </>,
  );
}

const names = () => screen.queryAllByRole("listitem").map((item) => item.querySelector("p")?.textContent);
const removal = (name: string) => screen.getByRole("button", { name: `Remove ${name}` });

it("keeps the focus where files are removed by keyboard, one after the other", () => {
  restore("c1", [file("a"), file("b"), file("c")]);
  show();
  for (const [removed, focused] of [["b", "c"], ["c", "a"]] as const) {
    removal(removed).focus();
    fireEvent.click(removal(removed), { detail: 0 });
    expect(document.activeElement).toBe(removal(focused));
  }
  fireEvent.click(removal("a"), { detail: 0 });
  expect(document.activeElement?.id).toBe(COMPOSER_ID);
});

it("lets who removes a file by mouse go on writing", () => {
  restore("c1", [file("a"), file("b")]);
  show();
  fireEvent.click(removal("a"), { detail: 1 });
  expect(document.activeElement?.id).toBe(COMPOSER_ID);
});

it("shows a file by the name that was made of what it is called", () => {
  restore("c1", [file("x\u202egnp.exe")]);
  useUploads.setState(({ byThread }) => ({
    byThread: { c1: byThread["c1"]!.map((item) => ({ ...item, attachment: file("xgnp.exe") })) },
  }));
  show();
  expect(names()).toEqual(["xgnp.exe"]);
  expect(removal("xgnp.exe")).toBeTruthy();
});

it("says to screen readers where each file stands, and why one is not attached", async () => {
  restore("c1", [file("a.txt", { state: "extracting" }), file("b.pdf", { state: "failed", error: { code: "encrypted", message: "“b.pdf” is locked.", detail: {} } })]);
  show();
  await waitFor(() =>
    expect(screen.getByRole("status").textContent).toBe("a.txt: reading. b.pdf: not attached. is locked. Remove its password, then attach it again."),
  );
});

it.each<[Partial<Chosen>, Attachment | null, string]>([
  [{}, null, "a.txt: uploading."],
  [{ offline: true }, null, "a.txt: waiting for the network."],
  [{ error: "“a.txt” is empty." }, null, "a.txt: not attached. is empty."],
  [{ url: "https://example.org/" }, null, "a.txt: fetching."],
  [{ url: "https://example.org/" }, file("Page.html", { state: "uploading" }), "Page.html: fetching."],
  [{}, file("a.txt", { state: "queued" }), "a.txt: reading."],
  [{}, file("a.txt"), "a.txt: ready."],
])("%j is spoken", (part, known, said) => {
  const chosen = { key: 1, name: "a.txt", size: 9, sent: 0.12, attachment: known, error: null, ...part };
  expect(spokenOf(chosen, known)).toBe(said);
});

it("has after a reload what had arrived, and says what had not", async () => {
  restore("c1", [file("a"), file("gone"), file("sent elsewhere"), file("b")]);
  const reloaded = JSON.parse(sessionStorage.getItem("tokenline.files.ada@example.org.c1")!) as object[];
  sessionStorage.setItem("tokenline.files.ada@example.org.c1", JSON.stringify([...reloaded, { id: null, name: "half", size: 5 }]));
  forgetUploads();
  attachment.mockImplementation((id: string) =>
    id === "gone"
      ? Promise.reject(new ApiError(404, { code: "not_found", message: "", detail: {} }))
      : Promise.resolve(file(id, { conversation_id: id === "sent elsewhere" ? "c9" : null })),
  );
  show();
  await waitFor(() => expect(names()).toEqual(["a", "gone", "b", "half"]));
  expect(screen.getByText(/is no longer there. Attach it again./)).toBeTruthy();
  expect(screen.getByText(/was not attached before the page was loaded again/)).toBeTruthy();
  // What is said once needs not be said after the next reload.
  expect(JSON.parse(sessionStorage.getItem("tokenline.files.ada@example.org.c1")!)).toHaveLength(2);
});

it("has nothing after a reload of what was sent or removed", () => {
  restore("c1", [file("a"), file("b")]);
  show();
  fireEvent.click(removal("a"));
  clear("c1");
  expect(sessionStorage.length).toBe(0);
});
