import { useSyncExternalStore } from "react";

const SIGNS = ["focus", "blur"] as const;

/** Whether somebody looks at this tab: it is in sight, and the keyboard is its own. */
export function isLookedAt(): boolean {
  return !document.hidden && document.hasFocus();
}

export function useLookedAt(): boolean {
  return useSyncExternalStore(subscribe, isLookedAt);
}

function subscribe(listener: () => void): () => void {
  for (const sign of SIGNS) window.addEventListener(sign, listener);
  document.addEventListener("visibilitychange", listener);
  return () => {
    for (const sign of SIGNS) window.removeEventListener(sign, listener);
    document.removeEventListener("visibilitychange", listener);
  };
}
