// @vitest-environment happy-dom
import { emptyState, pieces, type PublicShare, type SearchPage } from "@tokenline/client";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { SearchResults } from "../src/shell/SearchResults";
import { ShareDialog } from "../src/shell/ShareDialog";
import { TemporarySwitch } from "../src/shell/TemporarySwitch";
import SharePage from "../src/share/SharePage";
import { useChat } from "../src/state/chat";
import { setTemporary } from "../src/state/temporary";

const { search, share, shares, revokeShare } = vi.hoisted(() => ({
  search: vi.fn(),
  share: vi.fn(),
  shares: vi.fn(),
  revokeShare: vi.fn(),
}));

vi.mock("../src/state/client", () => ({ session: { email: "ada@example.org" }, api: {}, openChat: () => ({}) }));
vi.mock("../src/state/library", () => ({
  library: { search, share, shares, revokeShare },
  linkOf: (token: string) => `https://chat.example.org/s/${token}`,
  save: vi.fn(),
}));

beforeEach(() => {
  for (const mock of [search, share, shares, revokeShare]) mock.mockReset();
});

afterEach(() => {
  cleanup();
  setTemporary(false);
  vi.unstubAllGlobals();
  useChat.setState({ state: emptyState() });
});

function queried(node: ReactNode) {
  return <QueryClientProvider client={new QueryClient()}>{node}</QueryClientProvider>;
}

it("marks hits by code points, whatever is before them", () => {
  expect(pieces("𝒜𝒷 café 東京", [[3, 7], [8, 9]])).toEqual([
    { text: "𝒜𝒷 ", hit: false },
    { text: "café", hit: true },
    { text: " ", hit: false },
    { text: "東", hit: true },
    { text: "京", hit: false },
  ]);
  expect(pieces("nothing", [])).toEqual([{ text: "nothing", hit: false }]);
});

it("shows what was found as text, and leads to the message", async () => {
  const hit = { conversation_id: "c1", title: "Trip", agent_id: "assistant", archived: false, created_at: 1 };
  const found: SearchPage = {
    items: [
      { ...hit, message_id: null, role: null, snippet: "Trip", highlights: [[0, 4]] },
      { ...hit, message_id: "m1", role: "user", snippet: "<img src=x onerror=alert(1)> trip", highlights: [[29, 33]] },
    ],
    next: null,
  };
  search.mockResolvedValue(found);
  const { container } = render(queried(<SearchResults q="trip" />));
  const links = await screen.findAllByRole("link");
  expect(links.map((link) => link.getAttribute("href"))).toEqual(["/chat/c1", "/chat/c1?m=m1"]);
  expect([...container.querySelectorAll("mark")].map((mark) => mark.textContent)).toEqual(["Trip", "trip"]);
  expect(container.querySelector("img")).toBeNull();
  expect(links[1]!.textContent).toContain("<img src=x onerror=alert(1)>");
});

it("says so when nothing is found", async () => {
  search.mockResolvedValue({ items: [], next: null });
  render(queried(<SearchResults q="zebra" />));
  expect(await screen.findByText("Nothing matches “zebra”.")).toBeTruthy();
});

it("makes a link, copies it, and takes it back", async () => {
  const written: string[] = [];
  vi.stubGlobal("navigator", { clipboard: { writeText: (text: string) => Promise.resolve(void written.push(text)) } });
  const link = { id: "s1", token: "t1", owner_id: "u", conversation_id: "c1", message_id: "m", title: "T", created_at: 1 };
  shares.mockResolvedValue({ items: [], next: null });
  share.mockResolvedValue(link);
  revokeShare.mockResolvedValue(undefined);
  render(<ShareDialog open onOpenChange={() => undefined} conversationId="c1" />);
  const make = await screen.findByRole("button", { name: "Make a link and copy it" });
  await waitFor(() => expect((make as HTMLButtonElement).disabled).toBe(false));
  await act(async () => fireEvent.click(make));
  expect(written).toEqual(["https://chat.example.org/s/t1"]);
  expect(screen.getByDisplayValue("https://chat.example.org/s/t1")).toBeTruthy();
  await act(async () => fireEvent.click(screen.getByRole("button", { name: "Take the link back" })));
  expect(revokeShare).toHaveBeenCalledWith("s1");
  expect(screen.queryByDisplayValue("https://chat.example.org/s/t1")).toBeNull();
});

it("switches a new conversation to a temporary one and back", () => {
  render(<TemporarySwitch conversationId={null} />);
  const button = screen.getByRole("button", { name: "Temporary chat" });
  expect(button.getAttribute("aria-pressed")).toBe("false");
  fireEvent.click(button);
  expect(button.getAttribute("aria-pressed")).toBe("true");
});

it("shows a shared conversation whole, or that there is none", async () => {
  const page = (items: PublicShare["items"], next: string | null): PublicShare => ({
    title: "Trip",
    agent: "Assistant",
    shared_at: 1,
    items,
    next,
  });
  const said = { status: "complete", files: [], sources: [], created_at: 1 } as const;
  const answers = [
    page([{ ...said, role: "assistant", content: "Second" } as never], "earlier"),
    page([{ ...said, role: "user", content: "First", files: [{ name: "a.pdf" }] } as never], null),
  ];
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    return Promise.resolve(new Response(JSON.stringify(answers[asked.length - 1])));
  });
  render(<SharePage token="t1" />);
  await waitFor(() => expect(screen.getAllByRole("article")).toHaveLength(2));
  expect(screen.getAllByRole("article").map((one) => one.getAttribute("aria-label"))).toEqual(["Question", "Answer"]);
  expect(screen.getByText("a.pdf")).toBeTruthy();
  expect(asked).toEqual(["/api/public/shares/t1?limit=200", "/api/public/shares/t1?limit=200&cursor=earlier"]);
  cleanup();
  const missing = JSON.stringify({ error: { code: "not_found", message: "There is nothing here.", detail: {} } });
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(missing, { status: 404 })));
  render(<SharePage token="t2" />);
  expect(await screen.findByText("There is nothing here")).toBeTruthy();
});
