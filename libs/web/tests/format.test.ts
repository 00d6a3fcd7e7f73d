import { describe, expect, it } from "vitest";
import { bytes, clock, duration, etaText } from "../src/ui/format";

const eta = (soonest_s: number, worst_s: number, passed = 0) =>
  etaText({ soonest_s, likely_s: (soonest_s + worst_s) / 2, worst_s }, passed);

describe("an estimate", () => {
  it("is a range, in the unit that fits", () => {
    expect(eta(12, 18)).toBe("12–18 s");
    expect(eta(35, 62)).toBe("35–60 s");
    expect(eta(125, 250)).toBe("2–4 min");
    expect(eta(118, 121)).toBe("about 2 min");
    expect(eta(3000, 5400)).toBe("50 min – 1 h 30 min");
  });

  it("counts down, and never claims what has passed", () => {
    expect(eta(12, 18, 5)).toBe("7–13 s");
    expect(eta(12, 18, 13)).toBe("up to 5 s");
    expect(eta(12, 18, 30)).toBe("any moment");
  });

  it("is no number at all when there is none", () => {
    expect(etaText(null)).toBeNull();
  });
});

it("writes times and sizes as people do", () => {
  expect([4, 59.6, 90, 3600, 5400].map(duration)).toEqual(["4 s", "1 min", "2 min", "1 h", "1 h 30 min"]);
  expect([0, 67, 3723].map(clock)).toEqual(["0:00", "1:07", "1:02:03"]);
  expect([512, 248_000, 12_300_000].map(bytes)).toEqual(["512 B", "248 kB", "12.3 MB"]);
});
