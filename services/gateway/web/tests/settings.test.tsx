// @vitest-environment happy-dom
import type { ApiKeyCard, Me, SignInCard } from "@tokenline/client";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DeleteAccount } from "../src/settings/DeleteAccount";
import { Keys } from "../src/settings/Keys";
import { Password } from "../src/settings/Password";
import { SignIns } from "../src/settings/SignIns";

const { account, session } = vi.hoisted(() => ({
  account: {
    me: vi.fn(),
    signIns: vi.fn(),
    endSignIn: vi.fn(),
    endOtherSignIns: vi.fn(),
    keys: vi.fn(),
    createKey: vi.fn(),
    revokeKey: vi.fn(),
    changePassword: vi.fn(),
    deleteAccount: vi.fn(),
  },
  session: { email: "ada@example.org", signOut: vi.fn() },
}));

vi.mock("../src/state/client", () => ({ account, session }));

const ME: Me = { id: "u", email: "ada@example.org", role: "user", tier: 4, via: "password", has_password: true } as Me;
const HERE: SignInCard = { id: "s1", created_at: 1, used_at: 2, agent: "Firefox on Linux", current: true };
const PHONE: SignInCard = { ...HERE, id: "s2", agent: "Chrome on Android", current: false };
const KEY = { id: "k1", name: "bot", created_at: 1, scopes: ["chat"], expires_at: null, used_at: null } as unknown as ApiKeyCard;

function show(part: ReactNode) {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(<QueryClientProvider client={queries}>{part}</QueryClientProvider>);
}

const type = (label: string | RegExp, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

beforeEach(() => {
  for (const call of [...Object.values(account), session.signOut]) call.mockReset().mockResolvedValue(undefined);
  account.me.mockResolvedValue(ME);
});

afterEach(cleanup);

it("changes the password, and says what was wrong", async () => {
  account.changePassword.mockRejectedValueOnce(new Error("The password is wrong."));
  show(<Password />);
  const button = await screen.findByRole("button", { name: "Change password" });
  await waitFor(() => expect(button).toHaveProperty("disabled", false));
  type("Present password", "correct horse");
  type("New password", "battery staple");
  fireEvent.click(button);
  expect((await screen.findByRole("alert")).textContent).toBe("The password is wrong.");
  fireEvent.click(button);
  expect((await screen.findByText("Your password was changed.")).textContent).toBeTruthy();
  expect(account.changePassword).toHaveBeenLastCalledWith("correct horse", "battery staple");
});

it("asks no present password of an account that has none", async () => {
  account.me.mockResolvedValue({ ...ME, has_password: false });
  show(<Password />);
  const button = await screen.findByRole("button", { name: "Set password" });
  expect(screen.queryByLabelText("Present password")).toBeNull();
  type("New password", "battery staple");
  fireEvent.click(button);
  await waitFor(() => expect(account.changePassword).toHaveBeenCalledWith(null, "battery staple"));
});

it("lists sign-ins, marks this one, and ends others", async () => {
  account.signIns.mockResolvedValue({ items: [HERE, PHONE], next: null });
  show(<SignIns />);
  expect(await screen.findByText("This one")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Sign out Firefox on Linux" })).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Sign out Chrome on Android" }));
  await waitFor(() => expect(account.endSignIn).toHaveBeenCalledWith("s2"));
  account.signIns.mockResolvedValue({ items: [HERE], next: null });
  fireEvent.click(screen.getByRole("button", { name: "Sign out everywhere else" }));
  await waitFor(() => expect(screen.queryByText("Sign out everywhere else")).toBeNull());
});

it("makes a key with what it may do and for how long, and shows it once", async () => {
  account.keys.mockResolvedValue({ items: [KEY], next: null });
  account.createKey.mockResolvedValue({ ...KEY, id: "k2", name: "ci", key: "tl_secret" });
  show(<Keys />);
  expect(await screen.findByText(/never used/)).toBeTruthy();
  expect(screen.queryByText("Administer")).toBeNull();
  type("Name", "ci");
  fireEvent.click(screen.getByRole("checkbox", { name: /^Read/ }));
  fireEvent.click(screen.getByRole("checkbox", { name: /^Chat/ }));
  fireEvent.change(screen.getByLabelText("Expires"), { target: { value: "30" } });
  fireEvent.click(screen.getByRole("button", { name: "Create key" }));
  expect(await screen.findByText("tl_secret")).toBeTruthy();
  expect(account.createKey).toHaveBeenCalledWith("ci", ["read"], 30);
  fireEvent.click(screen.getByRole("button", { name: "Revoke bot" }));
  await waitFor(() => expect(account.revokeKey).toHaveBeenCalledWith("k1"));
});

it("deletes the account only when its address was typed, then forgets who was signed in", async () => {
  show(<DeleteAccount />);
  const button = await screen.findByRole("button", { name: "Delete my account" });
  const confirmation = await screen.findByLabelText(/Type ada@example.org/);
  expect(button).toHaveProperty("disabled", true);
  fireEvent.change(confirmation, { target: { value: "Ada@example.org " } });
  type("Password", "correct horse");
  expect(button).toHaveProperty("disabled", false);
  fireEvent.click(button);
  await waitFor(() => expect(session.signOut).toHaveBeenCalledOnce());
  expect(account.deleteAccount).toHaveBeenCalledWith("correct horse");
});

it("stays signed in when the account could not be deleted", async () => {
  account.deleteAccount.mockRejectedValue(new Error("You are the only administrator."));
  show(<DeleteAccount />);
  await screen.findByLabelText(/Type ada@example.org/);
  type(/Type ada/, "ada@example.org");
  type("Password", "correct horse");
  fireEvent.click(screen.getByRole("button", { name: "Delete my account" }));
  expect((await screen.findByRole("alert")).textContent).toBe("You are the only administrator.");
  expect(session.signOut).not.toHaveBeenCalled();
});
