import { messageOf } from "@tokenline/client";
import { useEffect } from "react";
import { create } from "zustand";

const useToast = create<{ text: string | null }>(() => ({ text: null }));

/** Tells of a failure that has no place of its own on the page. */
export function say(problem: unknown): void {
  useToast.setState({ text: messageOf(problem) });
}

const SHOWN_MS = 6_000;

export function Toast() {
  const text = useToast((toast) => toast.text);
  useEffect(() => {
    if (!text) return;
    const timer = setTimeout(() => useToast.setState({ text: null }), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div role="alert" className="pointer-events-none fixed inset-x-0 top-4 z-50 flex justify-center px-4">
      {text && (
        <p className="animate-rise rounded-xl bg-ink px-4 py-2.5 text-sm text-page shadow-soft">{text}</p>
      )}
    </div>
  );
}
