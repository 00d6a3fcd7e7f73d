import type { Conversation } from "@tokenline/client";
import { Button, Notice } from "@tokenline/client/ui";
import { useMemo } from "react";
import { useChat } from "../state/chat";
import { useConversationPages } from "../state/queries";
import { ConversationRow } from "./ConversationRow";
import { ListSkeleton } from "./ListSkeleton";

interface Props {
  archived: boolean;
  q: string;
}

export function ConversationList({ archived, q }: Props) {
  const pages = useConversationPages(archived, q);
  const known = useChat(({ state }) => state.conversations);
  const items = useMemo(() => {
    const found = q ? new Set(pages.data?.pages.flatMap((page) => page.items.map(({ id }) => id))) : null;
    return Object.values(known)
      .filter((item) => !item.temporary && item.archived === archived && (!found || found.has(item.id)))
      .sort((a, b) => b.updated_at - a.updated_at);
  }, [known, archived, q, pages.data]);

  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-3">
      {pages.isPending && <ListSkeleton />}
      {pages.isError && (
        <Notice tone="bad" action="Retry" onAction={() => void pages.refetch()} className="my-2">
          Could not be loaded.
        </Notice>
      )}
      {pages.isSuccess && items.length === 0 && <Empty archived={archived} q={q} />}
      <ul className="space-y-px">
        {items.map((item: Conversation) => (
          <ConversationRow key={item.id} conversation={item} />
        ))}
      </ul>
      {pages.hasNextPage && (
        <Button
          kind="ghost"
          className="mt-2 h-8 w-full"
          disabled={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </div>
  );
}

function Empty({ archived, q }: Props) {
  const text = q ? `Nothing matches “${q}”.` : archived ? "Nothing is archived." : "Your conversations will be here.";
  return <p className="px-2 py-6 text-center text-[13px] text-ink-faint">{text}</p>;
}
