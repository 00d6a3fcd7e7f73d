import { useSyncExternalStore } from "react";
import type { Session, SignInState } from "../session";

/** The account that is signed in; it changes here when another tab signs in as somebody else. */
export function useAccount(session: Session): string | null {
  return useSyncExternalStore(session.subscribe, () => session.email);
}

export function useSignIn(session: Session): SignInState {
  return useSyncExternalStore(session.subscribe, () => session.state);
}
