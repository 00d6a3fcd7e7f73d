import { useSyncExternalStore } from "react";
import type { Session, SignInState } from "../session";

export function useSignIn(session: Session): SignInState {
  return useSyncExternalStore(session.subscribe, () => session.state);
}
