// @vitest-environment happy-dom
import { ApiError, type Attachment, emptyState, reduce } from "@tokenline/client";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AttachmentTray } from "../src/composer/AttachmentTray";
import { addressOf, LinkButton } from "../src/composer/LinkButton";
import { useChat } from "../src/state/chat";
import { addLink, forgetUploads } from "../src/state/uploads";

const { addUrl, deleteAttachment } = vi.hoisted(() => ({ addUrl: vi.fn(), deleteAttachment: vi.fn() }));

vi.mock("../src/state/client", () => ({
  session: { email: "ada@example.org" },
  api: { addUrl, deleteAttachment },
  openChat: () => ({ apply: () => undefined }),
}));
vi.mock("../src/state/queries", () => ({ useAttachmentWatch: () => undefined }));
vi.mock("../src/files/useThumbnail", () => ({ useThumbnail: () => null }));

const URL_ = "https://example.org/queues?from=mail#top";
const PAGE = {
  id: "f1",
  name: "Queues & lines.html",
  size_bytes: 0,
  mime_type: "text/html",
  state: "uploading",
  url: URL_,
  version: 0,
  error: null,
  progress: null,
} as Attachment;

beforeEach(() => {
  addUrl.mockReset();
  deleteAttachment.mockReset().mockResolvedValue(undefined);
});

afterEach(() => {
  cleanup();
  forgetUploads();
  useChat.setState({ state: emptyState() });
});

function show() {
  const submitted = vi.fn();
  render(
    <form onSubmit={submitted}>
      <AttachmentTray thread="c1" />
      <LinkButton thread="c1" />
    </form>,
  );
  fireEvent.click(screen.getByRole("button", { name: "Add a link" }));
  return { submitted, field: screen.getByLabelText("Address of a page") };
}

it("fetches what was typed, and shows what it is called and how it goes on", async () => {
  let answer = (_: Attachment) => undefined as void;
  addUrl.mockReturnValue(new Promise<Attachment>((resolve) => (answer = resolve)));
  const { submitted, field } = show();
  fireEvent.change(field, { target: { value: ` ${URL_} ` } });
  fireEvent.submit(field);
  expect(addUrl).toHaveBeenCalledWith(URL_);
  expect(submitted).not.toHaveBeenCalled();
  expect(screen.queryByLabelText("Address of a page")).toBeNull();
  expect(screen.getByText("example.org/queues")).toBeTruthy();
  expect(screen.getByText("fetching")).toBeTruthy();

  await act(async () => answer(PAGE));
  expect(screen.getByText("Queues & lines.html")).toBeTruthy();
  const told = { ...PAGE, size_bytes: 123_000 };
  act(() => useChat.setState(({ state }) => ({ state: reduce(state, { type: "attachment", attachment: told }) })));
  expect(screen.getByText(/fetching · 123/)).toBeTruthy();
  const polled = { type: "local.attachment", attachment: PAGE } as const;
  act(() => useChat.setState(({ state }) => ({ state: reduce(state, polled) })));
  expect(screen.getByText(/fetching · 123/)).toBeTruthy();
  const read = { ...told, state: "indexed", version: 3 } as Attachment;
  act(() => useChat.setState(({ state }) => ({ state: reduce(state, { type: "attachment", attachment: read }) })));
  expect(screen.getByText(/indexed/)).toBeTruthy();
});

it("says what is no address, and asks nobody", () => {
  const { field } = show();
  fireEvent.change(field, { target: { value: "example.org ftp://example.org/x" } });
  fireEvent.submit(field);
  expect(screen.getByRole("alert").textContent).toContain("ftp://example.org/x");
  expect(addUrl).not.toHaveBeenCalled();
});

it("says in its chip why a page is refused", async () => {
  const refusal = { code: "address_refused", message: "Addresses of private networks are not connected to.", detail: {} };
  addUrl.mockRejectedValue(new ApiError(422, refusal));
  render(<AttachmentTray thread="c1" />);
  await act(async () => addLink("c1", "https://intranet.example/"));
  expect(screen.getByText(/Addresses of private networks/)).toBeTruthy();
});

it("deletes a page that was removed before it was known", async () => {
  let answer = (_: Attachment) => undefined as void;
  addUrl.mockReturnValue(new Promise<Attachment>((resolve) => (answer = resolve)));
  render(<AttachmentTray thread="c1" />);
  act(() => addLink("c1", URL_));
  fireEvent.click(screen.getByRole("button", { name: "Remove example.org/queues" }));
  await act(async () => answer(PAGE));
  expect(deleteAttachment).toHaveBeenCalledWith("f1");
  expect(screen.queryByRole("listitem")).toBeNull();
});

it.each([
  ["example.org/a", "https://example.org/a"],
  ["//example.org", "https://example.org"],
  ["example.org:8080/a", "https://example.org:8080/a"],
  ["http://wiki/", "http://wiki/"],
  ["HTTPS://Example.org", "HTTPS://Example.org"],
  ["notes", null],
  ["javascript:alert(1)", null],
  ["file:///etc/passwd", null],
  ["https://", null],
])("%s is the address %s", (text, url) => {
  expect(addressOf(text)).toBe(url);
});
