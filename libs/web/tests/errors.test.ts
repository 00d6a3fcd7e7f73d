import { expect, it } from "vitest";
import { errorFrom } from "../src/errors";

it.each([
  [413, "too_large", "This is larger than the server takes."],
  [403, "http_403", "The server refused (403)."],
  [502, "http_502", "The server has a problem. Please try again."],
])("says in words what a proxy answered with %i", (status, code, message) => {
  expect(errorFrom(status, "<html>No</html>")).toMatchObject({ status, code, message });
});
