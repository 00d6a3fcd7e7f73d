import { ApiError } from "@tokenline/client";
import { expect, it } from "vitest";
import { adviceOf, advised } from "../src/files/remedies";

it.each([
  ["corrupted", "“a.pdf” is damaged and cannot be read.", "“a.pdf” is damaged and cannot be read. Save it anew, then attach that."],
  ["no_text", "“a.pdf” has no text in it. It may be a scan.", "“a.pdf” has no text in it. It may be a scan. Attach one with text in it."],
  ["too_large", "“a.txt” is larger than 25 MiB.", "“a.txt” is larger than 25 MiB. Attach a smaller part of it."],
  // These say it already.
  ["encrypted", "“a.pdf” is protected with a password. Please attach it without one.", "“a.pdf” is protected with a password. Please attach it without one."],
  ["unsupported_type", "“a” is a program, which cannot be read. PDF can be.", "“a” is a program, which cannot be read. PDF can be."],
  ["storage_full", "The disk is full. Nothing was saved; an administrator must free space.", "The disk is full. Nothing was saved; an administrator must free space."],
])("%s is said with what to do", (code, message, said) => {
  expect(advised({ code, message })).toBe(said);
});

it.each([
  [413, "too_large", "Attach a smaller part of it."],
  [403, "http_403", "Load this page again, then attach it again."],
  [0, "unreachable", "Attach it again when the connection is back."],
])("says what to do where no gateway answered: %i", (status, code, remedy) => {
  expect(adviceOf(new ApiError(status, { code, message: "It went wrong.", detail: {} }))).toBe(`It went wrong. ${remedy}`);
});
