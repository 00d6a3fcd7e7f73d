import type { LineItem } from "@tokenline/client";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { type LineFilter, PAGE } from "../state/api";
import { api } from "../state/client";
import { useLive } from "../state/live";

/** Reading a page again costs the server a page: the more are open, the rarer. */
const PER_PAGE_MS = 2_000;

export interface Line {
  items: LineItem[];
  /** Of the whole line; `null` when only the filtered part is known. */
  total: number | null;
  more: boolean;
  readMore: () => void;
  state: "loading" | "ready" | "error";
  error: unknown;
  retry: () => void;
}

/** The line as far as it was read. Without a filter its beginning is pushed; the rest, and filters, are read. */
export function useLine(filter: LineFilter): Line {
  const pushed = useLive(({ line }) => line);
  const plain = !filter.pool && !filter.state && !filter.user;
  const pages = useInfiniteQuery({
    queryKey: ["line", filter],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => api.line(filter, pageParam, PAGE),
    getNextPageParam: (page) => page.next,
    // Every age has changed at every reading: comparing thousands of rows would find nothing to keep.
    structuralSharing: false,
    refetchInterval: (query) => PER_PAGE_MS * Math.max(1, query.state.data?.pages.length ?? 1),
  });

  const read = pages.data?.pages;
  const items = useMemo(() => {
    const all = new Map(read?.flatMap((page) => page.items.map((item) => [item.ticket_id, item])));
    const whole = plain && pushed && pushed.total <= pushed.items.length;
    return whole ? pushed.items : [...all.values()];
  }, [read, plain, pushed]);

  const { fetchNextPage, refetch, hasNextPage, isFetchingNextPage } = pages;
  useEffect(() => {
    if (plain && pushed) document.title = `${pushed.total} · Tokenline`;
  }, [plain, pushed]);

  return {
    items,
    total: plain ? (pushed?.total ?? null) : null,
    more: hasNextPage,
    readMore: () => {
      if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
    },
    state: items.length > 0 || pages.isSuccess ? "ready" : pages.isError ? "error" : "loading",
    error: pages.error,
    retry: () => void refetch(),
  };
}
