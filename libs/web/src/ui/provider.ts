import { useEffect, useState } from "react";
import { messageOf } from "../errors";
import type { SignInMethods } from "../generated/frames";
import type { Session } from "../session";

const PARAMETER = "sign_in";

/** What the gateway says by a code alone when the browser comes back from the provider. */
const OUTCOMES: Record<string, string> = {
  sign_in_lapsed: "This sign-in is no longer valid. Please begin again.",
  sign_in_cancelled: "The sign-in was cancelled.",
  provider_unavailable: "The sign-in provider cannot be reached. Please try again.",
  email_unverified: "Your provider has not verified your e-mail address. Verify it there, then sign in again.",
  domain_not_allowed: "Accounts with this e-mail address may not sign in here.",
  registration_closed: "Registration is closed. Ask an administrator for an account.",
  account_disabled: "This account is disabled. Ask an administrator.",
};
const OTHERWISE = "Signing in did not succeed. Please begin again.";

/** How one can sign in here; `null` until that is known. */
export function useSignInMethods(): SignInMethods | null {
  const [methods, setMethods] = useState<SignInMethods | null>(null);
  useEffect(() => {
    let gone = false;
    void fetch("/api/v1/auth/methods")
      .then((response) => (response.ok ? (response.json() as Promise<SignInMethods>) : null))
      .then((found) => !gone && setMethods(found))
      .catch(() => undefined);
    return () => {
      gone = true;
    };
  }, []);
  return methods;
}

/** Ends a sign-in at the provider that the browser has just come back from, and takes its mark out of the address. */
export function useProviderReturn(session: Session): { busy: boolean; problem: string | null } {
  const [outcome, setOutcome] = useState(() => new URLSearchParams(location.search).get(PARAMETER));
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const address = new URL(location.href);
    if (address.searchParams.has(PARAMETER)) {
      address.searchParams.delete(PARAMETER);
      history.replaceState(history.state, "", address);
      if (outcome === "done") {
        void session
          .signInFromProvider()
          .catch((failure: unknown) => setProblem(messageOf(failure)))
          .finally(() => setOutcome(null));
        return;
      }
    }
    if (outcome !== "done") {
      setProblem(OUTCOMES[outcome] ?? OTHERWISE);
      setOutcome(null);
    }
  }, [outcome, session]);
  return { busy: outcome === "done", problem };
}
