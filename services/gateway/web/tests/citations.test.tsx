// @vitest-environment happy-dom
import type { Attachment, Citation } from "@tokenline/client";
import { ApiError } from "@tokenline/client";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { api } from "../src/state/client";
import Markdown from "../src/thread/Markdown";
import { quotedIn, saidBefore } from "../src/thread/quoted";
import { Sources } from "../src/thread/Sources";
import { Unread } from "../src/thread/Unread";

const PASSAGE = "Travel is paid.\nTrains are booked in\nsecond class, see [2]. Flights need a signature of the head of finance.";
const citation = (number: number, changes: Partial<Citation> = {}): Citation => ({
  number,
  attachment_id: `f${number}`,
  name: "rules.md",
  page: null,
  start: 0,
  end: PASSAGE.length,
  passage: PASSAGE,
  similarity: 0.87,
  section: "Rules › Travel",
  ...changes,
});

const file = { size_bytes: 2048, state: "indexed" } as Attachment;
let asked: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  asked = vi.spyOn(api, "attachment").mockResolvedValue(file);
});
afterEach(() => {
  cleanup();
  asked.mockRestore();
});

function show(text: string, ...citations: Citation[]) {
  const client = new QueryClient();
  return render(
    <QueryClientProvider client={client}>
      <Markdown text={text} streaming={false} citations={citations} />
      <Sources citations={citations} answer={text} />
    </QueryClientProvider>,
  ).container;
}

const chips = () => screen.queryAllByRole("button", { name: /^Source/ }).map((chip) => chip.getAttribute("aria-label"));

it("makes chips of numbers that were given, alone, in a row and in a list, and leaves others as they were written", () => {
  const page = show("A [1][2], B [1, 2]; C【2†source】, D [2, 7], E [7], F [3, 4].", citation(1), citation(2, { page: 4 }));
  expect(chips()).toEqual([1, 2, 1, 2, 2, 2].map((n) => `Source ${n}: rules.md, ${n === 1 ? "section Rules › Travel" : "page 4"}`));
  expect(page.querySelector(".prose")!.textContent).toBe("A 12, B 12; C2, D 2[7], E [7], F [3, 4].");
});

it("takes no number for its own that a file's words have in them, and none in code or in a link", () => {
  show("It says “second class, see [2].” [1], `[2]`, [2](https://example.org).\n\n```\n[2]\n```", citation(1), citation(2));
  expect(chips()).toEqual(["Source 1: rules.md, section Rules › Travel"]);
});

it("opens the passage with its place, how well it fits, what was quoted, and the file", async () => {
  show("“Trains are booked in second class” [1].", citation(1));
  fireEvent.click(screen.getByRole("button", { name: /^Source 1/ }));
  const dialog = screen.getByRole("dialog", { name: "rules.md" });
  expect(dialog.textContent).toContain("[1] · Section Rules › Travel · 87 % match");
  expect(screen.getByLabelText("Passage").textContent).toContain("Flights need a signature");
  expect(dialog.querySelector("mark")!.textContent).toContain("Trains are booked in\nsecond class");
  expect(await screen.findByRole("button", { name: /Download/ })).toBeTruthy();
});

it("opens it from the list of sources too, with all that was quoted", async () => {
  show("Trains are second class [1].\n\n**Flights** need a signature [1].", citation(1));
  const source = screen.getByRole("list", { name: "Sources" }).querySelector("button");
  fireEvent.click(source!);
  expect(screen.getByRole("dialog").querySelectorAll("mark")).toHaveLength(2);
  await screen.findByRole("button", { name: /Download/ });
});

it("says that a file was deleted since, and offers no download", async () => {
  asked.mockRejectedValue(new ApiError(404, { code: "not_found", message: "There is no such thing.", detail: {} }));
  show("So it is [1].", citation(1));
  fireEvent.click(screen.getByRole("button", { name: /^Source 1/ }));
  expect(await screen.findByText(/deleted since/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Download/ })).toBeNull();
});

it("says why an imported file is not here", async () => {
  const error = { code: "not_imported", message: "The file itself was not part of the import.", detail: {} };
  asked.mockResolvedValue({ ...file, size_bytes: 0, state: "failed", error });
  show("So it is [1].", citation(1));
  fireEvent.click(screen.getByRole("button", { name: /^Source 1/ }));
  expect(await screen.findByText(error.message)).toBeTruthy();
});

it.each([
  ["He wrote “booked in second class”", "booked in\nsecond class"],
  ["He wrote “booked in second…”", "booked in\nsecond"],
  ["One needs the signature of the finance head for flights", "Flights need a signature of the head of finance."],
  ["It rains in Spain.", null],
  ["", null],
  ["(.*)", null],
])("finds what %j speaks of", (said, expected) => {
  const span = quotedIn(PASSAGE, said);
  expect(span && PASSAGE.slice(...span)).toBe(expected);
});

it("knows what was said before each mark of a number", () => {
  expect(saidBefore("One [1]. *Two* [2, 1].\n\nThree [3].", 1)).toEqual(["One ", "One . Two "]);
});

it("names files that could not be read, with the reason, once", () => {
  render(<Unread files={[{ name: "scan.pdf", reason: "“scan.pdf” is encrypted." }]} />);
  expect(screen.getByRole("list", { name: "Files that could not be read" }).textContent).toBe("Not read: scan.pdf is encrypted.");
});
