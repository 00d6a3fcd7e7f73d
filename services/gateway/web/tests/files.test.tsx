// @vitest-environment happy-dom
import { ApiError, type Attachment } from "@tokenline/client";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FileChip } from "../src/composer/FileChip";
import { SentFile } from "../src/files/SentFile";

const { linkFile, thumbnail, whole, say } = vi.hoisted(() => ({
  linkFile: vi.fn(),
  thumbnail: vi.fn(),
  whole: vi.fn(),
  say: vi.fn(),
}));

vi.mock("../src/state/client", () => ({ session: { email: "ada@example.org" }, api: { linkFile, thumbnail } }));
vi.mock("../src/state/library", () => ({ library: { attachment: whole } }));
vi.mock(import("@tokenline/client/ui"), async (real) => ({ ...(await real()), say }));

const FILE = { id: "f1", name: "report.pdf", size_bytes: 2048, mime_type: "application/pdf", state: "indexed" };
const PICTURE = { ...FILE, id: "p1", name: "red.png", mime_type: "image/png" };
const SEEN = { width: 60, height: 40, thumbnail: true };

const file = (part: object) => ({ picture: null, progress: null, warning: null, error: null, ...part }) as Attachment;
const shown = (element: React.ReactNode) =>
  render(<QueryClientProvider client={new QueryClient()}>{element}</QueryClientProvider>);

let clicked: string[] = [];

beforeEach(() => {
  clicked = [];
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    clicked.push(`${new URL(this.href, "http://here").pathname} as ${this.download}`);
  });
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:small");
  vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
  linkFile.mockResolvedValue({ url: "/api/public/files/signed", expires_at: 1 });
  thumbnail.mockResolvedValue(new Blob(["small"]));
});

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  thumbnail.mockReset();
});

it("downloads a file of a message by a signed link", async () => {
  shown(<SentFile file={file(FILE)} />);
  fireEvent.click(screen.getByRole("button", { name: "Download report.pdf" }));
  await waitFor(() => expect(clicked).toEqual(["/api/public/files/signed as report.pdf"]));
  expect(linkFile).toHaveBeenCalledWith("f1");
  expect(thumbnail).not.toHaveBeenCalled();
});

it("says why there is no link", async () => {
  const gone = new Error("gone");
  linkFile.mockRejectedValue(gone);
  shown(<SentFile file={file(FILE)} />);
  fireEvent.click(screen.getByRole("button", { name: "Download report.pdf" }));
  await waitFor(() => expect(say).toHaveBeenCalledWith(gone));
  expect(clicked).toEqual([]);
});

it("shows a picture by itself, large when it is clicked, and lets go of it", async () => {
  const { unmount } = shown(<SentFile file={file({ ...PICTURE, picture: SEEN })} />);
  const picture = await screen.findByRole("img", { name: "red.png" });
  expect(picture.getAttribute("src")).toBe("blob:small");
  expect(thumbnail).toHaveBeenCalledWith("p1");
  let load = (_: { content: Blob }) => undefined as void;
  whole.mockReturnValue(new Promise((resolve) => (load = resolve)));
  fireEvent.click(screen.getByRole("button", { name: "Show red.png" }));
  const dialog = await screen.findByRole("dialog", { name: "red.png" });
  // Meanwhile the small one stands in for it.
  expect(within(dialog).getByRole("img", { name: "red.png" }).getAttribute("src")).toBe("blob:small");
  expect(within(dialog).getByRole("status", { name: "Loading the picture" })).toBeTruthy();
  vi.mocked(URL.createObjectURL).mockReturnValue("blob:large");
  load({ content: new Blob(["large"]) });
  await waitFor(() => expect(within(dialog).getByRole("img").getAttribute("src")).toBe("blob:large"));
  expect(within(dialog).queryByRole("status")).toBeNull();
  expect(whole).toHaveBeenCalledWith("p1", "red.png");
  fireEvent.click(within(dialog).getByRole("button", { name: "Download" }));
  await waitFor(() => expect(clicked).toHaveLength(1));
  fireEvent.click(within(dialog).getByRole("button", { name: "Close" }));
  expect(URL.revokeObjectURL).toHaveBeenCalledWith("blob:large");
  unmount();
  expect(URL.revokeObjectURL).toHaveBeenCalledWith("blob:small");
});

it("says why a picture cannot be shown large", async () => {
  whole.mockRejectedValue(new ApiError(404, { code: "not_found", message: "There is nothing here.", detail: {} }));
  shown(<SentFile file={file({ ...PICTURE, picture: SEEN })} />);
  fireEvent.click(await screen.findByRole("button", { name: "Show red.png" }));
  expect((await screen.findByRole("alert", {}, { timeout: 5000 })).textContent).toBe("There is nothing here.");
});

it("offers no download of what is not kept here", () => {
  shown(<SentFile file={file({ ...FILE, size_bytes: 0, state: "failed", error: { message: "It was not imported." } })} />);
  expect(screen.queryByRole("button")).toBeNull();
  expect(screen.getByText(/It was not imported/)).toBeTruthy();
});

it("names a picture that cannot be had", async () => {
  thumbnail.mockRejectedValue(new Error("none"));
  shown(<SentFile file={file({ ...PICTURE, picture: SEEN })} />);
  expect(screen.getByRole("button", { name: "Download red.png" }).textContent).toBe("red.png");
  expect(screen.queryByRole("img", { name: "red.png" })).toBeNull();
});

it("shows a picture in the composer once it is read", async () => {
  const chip = (attachment: Attachment) => <FileChip name="red.png" size={2048} attachment={attachment} />;
  const { container, rerender } = render(chip(file(PICTURE)), {
    wrapper: ({ children }) => <QueryClientProvider client={CLIENT}>{children}</QueryClientProvider>,
  });
  expect(container.querySelector("img")).toBeNull();
  rerender(chip(file({ ...PICTURE, picture: SEEN })));
  await waitFor(() => expect(container.querySelector("img")?.getAttribute("src")).toBe("blob:small"));
});

const CLIENT = new QueryClient();
