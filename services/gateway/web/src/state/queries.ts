import type { AgentCard, PoolStatus } from "@tokenline/client";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { chat } from "./chat";
import { api } from "./client";

export function useAgents(): AgentCard[] {
  return useQuery({ queryKey: ["agents"], queryFn: () => api.agents(), staleTime: 60_000 }).data?.items ?? [];
}

/** What every pool's line looks like before sending; renewed every 5 s while the page is looked at. */
export function useQueueStatus(): { pools: PoolStatus[]; renew: () => void } {
  const { data, refetch } = useQuery({ queryKey: ["queue"], queryFn: () => api.queueStatus(), refetchInterval: 5_000 });
  return { pools: data?.items ?? [], renew: useCallback(() => void refetch(), [refetch]) };
}

/** Pages of conversations; what was read also goes into the chat's state, which sockets keep fresh. */
export function useConversationPages(archived: boolean, q: string) {
  return useInfiniteQuery({
    queryKey: ["conversations", archived, q],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) => {
      const page = await api.conversations({ archived, q, cursor: pageParam, limit: 50 });
      chat().apply({ type: "local.conversations", items: page.items });
      return page;
    },
    getNextPageParam: (page) => page.next,
  });
}

/** Follows an attachment that is not read yet, for when no frame tells of it. */
export function useAttachmentWatch(id: string | null, watching: boolean): void {
  useQuery({
    queryKey: ["attachment", id],
    enabled: id !== null && watching,
    refetchInterval: 2_500,
    queryFn: async () => {
      const attachment = await api.attachment(id!);
      chat().apply({ type: "local.attachment", attachment });
      return attachment.state;
    },
  });
}
