// @vitest-environment happy-dom
import type { AgentCard, Attachment } from "@tokenline/client";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { BlindNotice } from "../src/composer/BlindNotice";
import { clear, restore } from "../src/state/uploads";

vi.mock("../src/state/client", () => ({ session: {}, api: {}, openChat: () => ({}) }));

const CAT = { id: "f1", name: "cat.png", size_bytes: 9, mime_type: "image/png" } as Attachment;
const NOTES = { id: "f2", name: "notes.txt", size_bytes: 9, mime_type: "text/plain" } as Attachment;

afterEach(() => {
  cleanup();
  clear("c1");
});

function shown(capabilities: string[], ...files: Attachment[]): string | null {
  restore("c1", files);
  render(<BlindNotice thread="c1" agent={{ name: "Assistant", capabilities } as AgentCard} />);
  return screen.queryByRole("status")?.textContent ?? null;
}

it("says that an agent cannot see what is attached", () => {
  expect(shown(["chat"], NOTES, CAT)).toBe("Assistant cannot see pictures.");
});

it("says nothing where it can, or where there is nothing to see", () => {
  expect(shown(["chat", "vision"], CAT)).toBeNull();
  clear("c1");
  expect(shown(["chat"], NOTES)).toBeNull();
});
