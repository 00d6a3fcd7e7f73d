import type { SearchHit } from "@tokenline/client";
import { Button, cx, Notice } from "@tokenline/client/ui";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Archive } from "lucide-react";
import { Link, useRoute } from "wouter";
import { library } from "../state/library";
import { Highlighted } from "./Highlighted";
import { ListSkeleton } from "./ListSkeleton";

/** Titles, then messages, in which something was found; a click leads to the very message. */
export function SearchResults({ q }: { q: string }) {
  const found = useInfiniteQuery({
    queryKey: ["search", q],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => library.search(q, pageParam),
    getNextPageParam: (page) => page.next,
  });
  const items = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-3" aria-busy={found.isFetching}>
      {found.isPending && <ListSkeleton />}
      {found.isError && (
        <Notice tone="bad" action="Retry" onAction={() => void found.refetch()} className="my-2">
          Could not be searched.
        </Notice>
      )}
      {found.isSuccess && items.length === 0 && (
        <p className="px-2 py-6 text-center text-[13px] text-ink-faint">Nothing matches “{q}”.</p>
      )}
      <ul aria-label="Found" className="space-y-1">
        {items.map((hit) => (
          <Hit key={hit.message_id ?? hit.conversation_id} hit={hit} />
        ))}
      </ul>
      {found.hasNextPage && (
        <Button
          kind="ghost"
          className="mt-2 h-8 w-full"
          disabled={found.isFetchingNextPage}
          onClick={() => void found.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </div>
  );
}

function Hit({ hit }: { hit: SearchHit }) {
  const [here] = useRoute(`/chat/${hit.conversation_id}`);
  const href = `/chat/${hit.conversation_id}${hit.message_id ? `?m=${hit.message_id}` : ""}`;
  return (
    <li>
      <Link
        href={href}
        className={cx("block rounded-[10px] px-3 py-2 text-sm transition-colors hover:bg-sunken/70", here && "bg-sunken")}
      >
        <span className="flex items-center gap-1.5 font-medium text-ink">
          <span className="truncate">
            {hit.message_id ? hit.title || "New chat" : <Highlighted text={hit.snippet} spans={hit.highlights} />}
          </span>
          {hit.archived && <Archive className="size-3.5 shrink-0 text-ink-faint" aria-label="Archived" />}
        </span>
        {hit.message_id && (
          <span className="mt-0.5 line-clamp-2 text-[13px] break-words text-ink-soft">
            <span className="text-ink-faint">{hit.role === "user" ? "You: " : ""}</span>
            <Highlighted text={hit.snippet} spans={hit.highlights} />
          </span>
        )}
      </Link>
    </li>
  );
}
