import type { Attachment } from "@tokenline/client";
import { expect, it } from "vitest";
import { reasonOf, sendingOf, shareOf, stageOf } from "../src/composer/FileChip";

const file = (part: Partial<Attachment>) => ({ state: "extracting", progress: null, warning: null, ...part }) as Attachment;

it.each<[Partial<Attachment>, string]>([
  [{}, "reading"],
  [{ progress: { done: 120, of: 300, share: 0.2 } }, "reading, page 120 of 300"],
  [{ state: "embedding", progress: { done: 1, of: 1, share: 0.8 } }, "indexing"],
  [{ state: "indexed" }, "indexed"],
  [{ state: "indexed", warning: "Pages 3–7 have no text." }, "indexed; pages 3–7 have no text"],
])("%j is shown as %j", (part, shown) => {
  expect(stageOf(file(part))).toBe(shown);
});

it("never goes back on its way", () => {
  const seen = [
    { state: "uploading" },
    { state: "queued" },
    { state: "extracting" },
    { state: "extracting", progress: { done: 1, of: 300, share: 0.002 } },
    { state: "extracting", progress: { done: 300, of: 300, share: 0.5 } },
    { state: "embedding" },
    { state: "embedding", progress: { done: 40, of: 300, share: 0.55 } },
    { state: "indexed" },
  ].map((part) => shareOf(file(part as Partial<Attachment>)));
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(1);
});

it("says why a file failed and not its name again", () => {
  expect(reasonOf("“a.pdf” is protected with a password.", "a.pdf")).toBe("is protected with a password.");
  expect(reasonOf("“aaa….csv” is empty.", "aaaaaaaaaaaa.csv")).toBe("is empty.");
  expect(reasonOf("Could not be read", "a.pdf")).toBe("Could not be read");
});

it("says how much is sent, and that the network is gone", () => {
  expect(sendingOf(0.126, false)).toBe("uploading 12 %");
  expect(sendingOf(0.999, true)).toBe("waiting for the network");
});
