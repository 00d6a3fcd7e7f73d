import type { ErrorInfo } from "@tokenline/client";
import { duration, useNow } from "@tokenline/client/ui";
import { create } from "zustand";

/** Nothing more may be sent until then: a limit of the user is used up, whatever the conversation. */
interface Pause {
  /** By this device's clock, ms. */
  until: number;
  what: string;
}

const usePauses = create<{ pause: Pause | null }>(() => ({ pause: null }));

const WHAT: Record<string, string> = {
  messages: "messages",
  tokens: "tokens",
  conversations: "new conversations",
  uploads: "uploads",
};

export function pauseSending({ message, detail }: ErrorInfo): void {
  usePauses.setState({ pause: { until: Date.now() + waitOf(detail) * 1000, what: reasonOf(detail) ?? message } });
}

export function forgetPause(): void {
  usePauses.setState({ pause: null });
}

/** Why, and the seconds left, counting down; `null` when all may be sent. */
export function usePause(): { what: string; seconds: number } | null {
  const pause = usePauses(({ pause }) => pause);
  const now = useNow(1000, pause !== null);
  const seconds = pause ? secondsUntil(pause.until, now) : 0;
  return pause && seconds > 0 ? { what: pause.what, seconds } : null;
}

export function secondsUntil(until: number, now: number): number {
  return Math.max(0, Math.ceil((until - now) / 1000));
}

/** Seconds that a refusal says to wait. */
export function waitOf(detail: ErrorInfo["detail"]): number {
  const wait = detail["retry_after_s"];
  return typeof wait === "number" ? Math.max(1, wait) : 5;
}

function reasonOf({ limit, max, per_s: per }: ErrorInfo["detail"]): string | null {
  const what = WHAT[String(limit)];
  if (!what || typeof max !== "number" || typeof per !== "number") return null;
  return `${max.toLocaleString("en")} ${what} are allowed in ${duration(per)}.`;
}
