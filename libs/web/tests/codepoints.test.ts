import { expect, it } from "vitest";
import { afterCodePoints, codePointLength } from "../src/codepoints";

it.each(["", "abc", "👋", "a👋b🎉", "👩‍👩‍👧", "\ud83d", "\udc4b\ud83d", "é"])("counts %j as Python does", (text) => {
  expect(codePointLength(text)).toBe([...text].length);
});

it("cuts between code points, never inside one", () => {
  const text = "a👋b🎉c";
  for (let count = 0; count <= 6; count++) {
    expect(afterCodePoints(text, count)).toBe([...text].slice(count).join(""));
  }
});
