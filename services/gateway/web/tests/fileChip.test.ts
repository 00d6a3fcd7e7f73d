import type { Attachment } from "@tokenline/client";
import { expect, it } from "vitest";
import { stageOf } from "../src/composer/FileChip";

const file = (part: Partial<Attachment>) => ({ state: "extracting", progress: null, warning: null, ...part }) as Attachment;

it.each<[Partial<Attachment>, string]>([
  [{}, "extracting"],
  [{ progress: { done: 120, of: 300, share: 0.2 } }, "extracting, page 120 of 300"],
  [{ state: "embedding", progress: { done: 1, of: 1, share: 0.8 } }, "embedding"],
  [{ state: "indexed" }, "indexed"],
  [{ state: "indexed", warning: "Pages 3–7 have no text." }, "indexed; pages 3–7 have no text"],
])("%j is shown as %j", (part, shown) => {
  expect(stageOf(file(part))).toBe(shown);
});
