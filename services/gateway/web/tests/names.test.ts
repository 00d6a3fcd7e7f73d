import { expect, it } from "vitest";
import { named } from "../src/files/names";

it.each([
  ["report.pdf", "report.pdf"],
  [`${"a".repeat(300)}.csv`, `${"a".repeat(40)}…${"a".repeat(15)}.csv`],
  ["🙂".repeat(61), `${"🙂".repeat(40)}…${"🙂".repeat(19)}`],
  ["דוח.pdf", "\u2068דוח.pdf\u2069"],
])("%s is called %s", (name, shown) => {
  expect(named(name)).toBe(shown);
});
