// @vitest-environment happy-dom
import type { FeedbackRow } from "@tokenline/client";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { FeedbackList } from "../src/records/FeedbackList";

const { log } = vi.hoisted(() => ({ log: { pages: [{ items: [] as unknown[], next: null }] } }));

vi.mock("../src/state/records", () => ({
  useFeedback: () => ({ data: log, hasNextPage: false, isFetchingNextPage: false }),
}));

function row(part: Partial<FeedbackRow["feedback"]>): FeedbackRow {
  const feedback = { rating: "down" as const, reasons: [], comment: null, at: 1, ...part };
  return { message_id: `m${part.at ?? 1}`, conversation_id: "c", user: "ann@example.org", agent: "helper", feedback };
}

afterEach(cleanup);

it("shows who thinks what of which agent, and why, as the text that it is", () => {
  const comment = "<img src=x onerror=alert(1)>";
  log.pages[0]!.items = [row({ reasons: ["incorrect", "style"], comment }), row({ rating: "up", at: 2 })];
  const { container } = render(<FeedbackList />);
  expect(screen.getByText(comment)).toBeTruthy();
  expect(container.querySelector("img")).toBeNull();
  expect(screen.getByText("not correct, length or tone")).toBeTruthy();
  expect(screen.getByRole("img", { name: "Bad answer" })).toBeTruthy();
  expect(screen.getByRole("img", { name: "Good answer" })).toBeTruthy();
});

it("says that there is none", () => {
  log.pages[0]!.items = [];
  render(<FeedbackList />);
  expect(screen.getByText("Nobody has rated an answer yet.")).toBeTruthy();
});
