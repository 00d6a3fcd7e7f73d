import { expect, it } from "vitest";
import { seriesOf } from "../src/state/history";

it("puts the pools on one axis of times, with holes where one is missing", () => {
  const point = (at: number, pool: string, waiting: number) => ({ at, pool, waiting, running: 0 });
  expect(seriesOf([point(10.2, "a", 1), point(10.4, "b", 2), point(15, "a", 3)])).toEqual({
    at: [10, 15],
    waiting: { a: [1, 3], b: [2, null] },
  });
});
