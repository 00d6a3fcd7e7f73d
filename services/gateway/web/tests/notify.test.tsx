// @vitest-environment happy-dom
import { emptyState, newTicket, type Phase, type TicketView } from "@tokenline/client";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useChat } from "../src/state/chat";
import { endedSince, titleOf } from "../src/state/ended";
import { useNotify } from "../src/state/notify";
import { watchAnswers } from "../src/state/watch";
import { NotifyProblem, NotifySwitch } from "../src/waiting/NotifySwitch";

vi.mock("../src/state/client", () => ({ session: { email: "ada@example.org" }, openChat: () => ({}) }));

class Shown {
  static permission: NotificationPermission = "default";
  static answer: NotificationPermission = "granted";
  static asked = 0;
  static all: Shown[] = [];
  static broken = false;
  static async requestPermission() {
    Shown.asked += 1;
    if (Shown.permission === "default") Shown.permission = Shown.answer;
    return Shown.permission;
  }
  onclick: (() => void) | null = null;
  close = vi.fn();
  constructor(
    readonly title: string,
    readonly options: { body: string; tag: string },
  ) {
    if (Shown.broken) throw new TypeError("Illegal constructor");
    Shown.all.push(this);
  }
}

let hidden = false;
const open = vi.fn();
let leave = () => {};

function ticket(phase: Phase, id = "t1"): TicketView {
  return { ...newTicket(id), conversationId: "c1", phase };
}

function show(...tickets: TicketView[]) {
  const conversations = { c1: { id: "c1", title: "Mont Blanc" } as never };
  const byId = Object.fromEntries(tickets.map((one) => [one.id, one]));
  act(() => useChat.setState({ state: { ...emptyState(), conversations, tickets: byId } }));
}

function look(away: boolean) {
  hidden = away;
  document.dispatchEvent(new Event("visibilitychange"));
}

async function press() {
  fireEvent.click(screen.getByRole("switch", { name: "Notify me" }));
  await act(async () => {});
}

beforeEach(() => {
  Object.assign(Shown, { permission: "default", answer: "granted", asked: 0, all: [], broken: false });
  vi.stubGlobal("Notification", Shown);
  Object.defineProperty(window, "isSecureContext", { value: true, configurable: true });
  Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
  open.mockReset();
  hidden = false;
  show(ticket("queued"));
  leave = watchAnswers(open);
});

afterEach(() => {
  leave();
  cleanup();
  localStorage.clear();
  vi.unstubAllGlobals();
});

it("tells an end that was awaited from one that is only read, and from one's own stop", () => {
  const seen = (before: Phase, after: Phase) => endedSince({ t1: ticket(before) }, { t1: ticket(after) }).length === 1;
  expect(seen("queued", "complete") && seen("streaming", "complete") && seen("held", "error")).toBe(true);
  expect(seen("unknown", "complete") || seen("complete", "complete") || seen("streaming", "cancelled")).toBe(false);
  expect(endedSince({}, { t1: ticket("complete") })).toEqual([]);
  expect(titleOf(0, 0)).toBe("Tokenline");
  expect(titleOf(2, 1)).toBe("2 answers ready · Tokenline");
});

it("asks the browser on the click and not before, and remembers the choice", async () => {
  render(<NotifySwitch />);
  expect(Shown.asked).toBe(0);
  await press();
  expect(Shown.asked).toBe(1);
  expect(screen.getByRole("switch").getAttribute("aria-checked")).toBe("true");
  leave();
  useNotify.setState({ wanted: false });
  leave = watchAnswers(open);
  expect(useNotify.getState().wanted).toBe(true);
  await press();
  expect(useNotify.getState().wanted).toBe(false);
  expect(Shown.asked).toBe(1);
  expect(localStorage.getItem("tokenline.notify.ada@example.org")).toBeNull();
});

it("says that notifications are blocked", async () => {
  Shown.answer = "denied";
  render(
    <>
      <NotifySwitch />
      <NotifyProblem />
    </>,
  );
  await press();
  expect(screen.getByRole("switch").getAttribute("aria-checked")).toBe("false");
  expect(screen.getByRole("status").textContent).toContain("blocked");
});

it("notifies of an answer while the page is not in sight, and leads to it", async () => {
  render(<NotifySwitch />);
  await press();
  look(true);
  show(ticket("streaming"));
  expect(Shown.all).toEqual([]);
  show(ticket("complete"));
  expect(document.title).toBe("Answer ready · Tokenline");
  const [shown] = Shown.all;
  expect(shown).toMatchObject({ title: "Your answer is ready", options: { body: "Mont Blanc", tag: "t1" } });
  shown?.onclick?.();
  expect(open).toHaveBeenCalledExactlyOnceWith("c1");
  expect(shown?.close).toHaveBeenCalled();
  look(false);
  expect(document.title).toBe("Tokenline");
});

it("says when there is no answer", async () => {
  render(<NotifySwitch />);
  await press();
  look(true);
  show(ticket("error"));
  expect(document.title).toBe("Not answered · Tokenline");
  expect(Shown.all[0]?.title).toBe("Your question was not answered");
});

it("changes only the title for whoever did not ask for more, and nothing in sight", () => {
  Shown.permission = "granted";
  show(ticket("complete"));
  expect(document.title).toBe("Tokenline");
  show(ticket("queued", "t2"));
  look(true);
  show(ticket("complete", "t2"));
  expect(document.title).toBe("Answer ready · Tokenline");
  expect(Shown.all).toEqual([]);
});

it("gives up on a browser that has notifications but not for pages", async () => {
  render(<NotifySwitch />);
  await press();
  Shown.broken = true;
  look(true);
  show(ticket("complete"));
  expect(useNotify.getState()).toMatchObject({ wanted: false, problem: expect.stringContaining("title") });
});
