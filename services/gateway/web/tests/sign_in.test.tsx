// @vitest-environment happy-dom
import { Session } from "@tokenline/client";
import { SignIn, useProviderReturn } from "@tokenline/client/ui";
import { act, cleanup, render, renderHook, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

const PAIR = { access_token: "a", refresh_token: "r", token_type: "bearer", expires_in: 600 };
const respond = (status: number, body: object) => new Response(JSON.stringify(body), { status });

let answers: Record<string, () => Response>;

beforeEach(() => {
  localStorage.clear();
  answers = {};
  vi.stubGlobal("fetch", vi.fn((path: string) => Promise.resolve((answers[path] ?? (() => respond(404, {})))())));
});

afterEach(() => {
  cleanup();
  history.replaceState(null, "", "/");
});

function page() {
  render(<SignIn session={new Session()} title="Welcome" subtitle="" mayRegister />);
}

it("offers the provider, and the way back to this very page", async () => {
  history.replaceState(null, "", "/c/1?a=b");
  const oidc = { label: "Example", start: "/api/v1/auth/oidc/start" };
  answers["/api/v1/auth/methods"] = () => respond(200, { registration_open: true, oidc });
  page();
  const button = await screen.findByRole("link", { name: "Continue with Example" });
  expect(button.getAttribute("href")).toBe("/api/v1/auth/oidc/start?return_to=%2Fc%2F1%3Fa%3Db");
  expect(screen.getByText("Create an account")).toBeTruthy();
});

it("offers neither provider nor registration where there is none", async () => {
  answers["/api/v1/auth/methods"] = () => respond(200, { registration_open: false, oidc: null });
  page();
  await waitFor(() => expect(screen.queryByText("Create an account")).toBeNull());
  expect(screen.queryByRole("link")).toBeNull();
});

it("ends a sign-in at the provider, and takes its mark out of the address", async () => {
  history.replaceState(null, "", "/c/1?a=b&sign_in=done");
  answers["/api/v1/auth/oidc/exchange"] = () => respond(200, PAIR);
  answers["/api/v1/me"] = () => respond(200, { email: "ada@example.org" });
  const session = new Session();
  const { result } = renderHook(() => useProviderReturn(session));
  expect(result.current.busy).toBe(true);
  await waitFor(() => expect(result.current.busy).toBe(false));
  expect(session).toMatchObject({ state: "in", email: "ada@example.org" });
  expect(location.pathname + location.search).toBe("/c/1?a=b");
  expect(new Session()).toMatchObject({ state: "in", email: "ada@example.org" });
});

it("says why it did not succeed", async () => {
  for (const [outcome, sentence] of [
    ["email_unverified", /has not verified your e-mail address/],
    ["<b>made up</b>", /Signing in did not succeed/],
  ] as const) {
    history.replaceState(null, "", `/?sign_in=${encodeURIComponent(outcome)}`);
    const { result } = renderHook(() => useProviderReturn(new Session()));
    await waitFor(() => expect(result.current.problem).toMatch(sentence));
    expect(location.search).toBe("");
  }
});

it("says so when what the provider left has lapsed", async () => {
  history.replaceState(null, "", "/?sign_in=done");
  answers["/api/v1/auth/oidc/exchange"] = () =>
    respond(401, { error: { code: "sign_in_lapsed", message: "This sign-in is no longer valid.", detail: {} } });
  const session = new Session();
  const { result } = renderHook(() => useProviderReturn(session));
  await act(async () => undefined);
  await waitFor(() => expect(result.current).toEqual({ busy: false, problem: "This sign-in is no longer valid." }));
  expect(session.state).toBe("out");
});
