// @vitest-environment happy-dom
import type { Citation } from "@tokenline/client";
import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import Markdown from "../src/thread/Markdown";

afterEach(cleanup);

const html = (text: string, citations: Citation[] = []) =>
  render(<Markdown text={text} streaming={false} citations={citations} />).container;

it.each([
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<iframe src=https://evil.example></iframe>",
  "<svg onload=alert(1)>",
  "[x](javascript:alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "<a href='javascript:alert(1)'>x</a>",
  "```html\n<img src=x onerror=alert(1)>\n```",
])("lets nothing run from %j", (text) => {
  const page = html(text);
  expect(page.querySelector("script, img, iframe, svg[onload], [onerror]")).toBeNull();
  for (const link of page.querySelectorAll("a")) expect(link.getAttribute("href")).not.toMatch(/^(javascript|data):/);
});

it.each([
  "![x](https://evil.example/pixel.png)",
  "![x](//evil.example/pixel.png)",
  "![x](data:image/png;base64,AAAA)",
  "![x][1]\n\n[1]: https://evil.example/pixel.png",
  '<video poster="https://evil.example/p.png">',
  '<div style="background:url(https://evil.example/p.png)">x</div>',
])("fetches nothing for %j", (text) => {
  const page = html(text);
  expect(page.querySelector("img, video, audio, source, link, object, embed, [src], [srcset], [poster]")).toBeNull();
  for (const element of page.querySelectorAll("[style]")) expect(element.getAttribute("style")).not.toContain("url(");
});

it("opens links in a page of their own that learns nothing", () => {
  const link = html("[guide](https://example.org/guide)").querySelector("a");
  expect(link?.getAttribute("rel")).toContain("noopener");
  expect(link?.getAttribute("rel")).toContain("noreferrer");
  expect(link?.target).toBe("_blank");
});

it("makes chips of citations that have a passage, and leaves code alone", () => {
  const citation = { number: 1, name: "lease.pdf", page: 4, passage: "…" } as Citation;
  const page = html("Yes [1], not [2], `a[1]`.", [citation]);
  expect([...page.querySelectorAll("button")].map((chip) => chip.getAttribute("aria-label"))).toEqual([
    "Source 1: lease.pdf, page 4",
  ]);
  expect(page.textContent).toBe("Yes 1, not [2], a[1].");
});

it("renders tables and task lists", () => {
  const page = html("| a | b |\n| - | - |\n| 1 | 2 |\n\n- [x] done");
  expect(page.querySelectorAll("td")).toHaveLength(2);
  expect(page.querySelector<HTMLInputElement>("input[type=checkbox]")?.checked).toBe(true);
});
