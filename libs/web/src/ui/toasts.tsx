import { useEffect, useSyncExternalStore } from "react";
import { messageOf } from "../errors";

const SHOWN_MS = 6_000;
const listeners = new Set<() => void>();
let shown: { text: string } | null = null;

function show(next: typeof shown): void {
  shown = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tells of a failure, or in a sentence of anything else, that has no place of its own on the page. */
export function say(problem: unknown): void {
  show({ text: messageOf(problem) });
}

/** Where it is told; once on a page. */
export function Toast() {
  const toast = useSyncExternalStore(subscribe, () => shown);
  useEffect(() => {
    if (!toast) return;
    const timer = setTimeout(() => show(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <div role="alert" className="pointer-events-none fixed inset-x-0 top-4 z-50 flex justify-center px-4">
      {toast && <p className="animate-rise rounded-xl bg-ink px-4 py-2.5 text-sm text-page shadow-soft">{toast.text}</p>}
    </div>
  );
}
