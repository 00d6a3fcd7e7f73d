import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { create } from "zustand";
import { api } from "./client";

/** Whatever an action may have changed: read again after each. */
export const RECORDS = ["records"];

/** Nobody tells of these, so they are asked for; every open page again, so the more are open, the rarer. */
const LETTERS_MS = 3_000;
const AUDIT_MS = 5_000;
const FEEDBACK_MS = 10_000;
/** The server counts every live ticket for it. */
const TRUTH_MS = 10_000;

export function useDeadLetters() {
  return useInfiniteQuery({
    queryKey: [...RECORDS, "dead-letters"],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => api.deadLetters(pageParam),
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => LETTERS_MS * (query.state.data?.pages.length ?? 1),
  });
}

/** `null`: not known. With a `+` when there are more than were read. */
export function useDeadLetterCount(): string | null {
  const { data, hasNextPage } = useDeadLetters();
  if (!data) return null;
  const read = data.pages.reduce((sum, page) => sum + page.items.length, 0);
  return hasNextPage ? `${read}+` : String(read);
}

export function useAudit() {
  return useInfiniteQuery({
    queryKey: [...RECORDS, "audit"],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => api.audit(pageParam),
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => AUDIT_MS * (query.state.data?.pages.length ?? 1),
  });
}

export function useFeedback() {
  return useInfiniteQuery({
    queryKey: [...RECORDS, "feedback"],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => api.feedback(pageParam),
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => FEEDBACK_MS * (query.state.data?.pages.length ?? 1),
  });
}

export function useTruth() {
  return useQuery({ queryKey: [...RECORDS, "truth"], queryFn: () => api.truth(), refetchInterval: TRUTH_MS });
}

export type Tab = "dead-letters" | "truth" | "audit" | "feedback";

/** Which of the records is open. */
export const useTab = create<{ tab: Tab }>(() => ({ tab: "dead-letters" }));
