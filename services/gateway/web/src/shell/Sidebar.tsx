import { cx, FIELD, Logo } from "@tokenline/client/ui";
import { Archive, ArrowLeft, Search, SquarePen } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { Link } from "wouter";
import { AccountMenu } from "./AccountMenu";
import { ConversationList } from "./ConversationList";
import { SearchResults } from "./SearchResults";

export function Sidebar() {
  const [filter, setFilter] = useState("");
  const [archived, setArchived] = useState(false);
  const q = useDeferredValue(filter.trim());

  return (
    <nav aria-label="Conversations" className="flex h-full flex-col">
      <div className="flex h-14 shrink-0 items-center gap-2.5 px-4">
        <Logo className="size-7" />
        <span className="text-[15px] font-semibold tracking-tight">Tokenline</span>
      </div>
      <div className="space-y-2 px-3 pb-2">
        <Link
          href="/"
          className="flex h-9 items-center gap-2.5 rounded-[10px] border border-line bg-raised px-3 text-sm font-medium shadow-xs transition-colors hover:border-line-strong"
        >
          <SquarePen className="size-4 text-accent" aria-hidden /> New chat
        </Link>
        <div className="relative">
          <Search className="pointer-events-none absolute top-2.5 left-3 size-4 text-ink-faint" aria-hidden />
          <input
            type="search"
            aria-label={archived ? "Filter archived conversations" : "Search conversations"}
            placeholder={archived ? "Filter" : "Search"}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            className={cx(FIELD, "h-9 border-transparent bg-sunken pl-9")}
          />
        </div>
      </div>
      <div className="flex items-center justify-between px-5 pt-2 pb-1">
        <h2 className="text-xs font-medium text-ink-faint">{archived ? "Archived" : q ? "Found" : "Conversations"}</h2>
        <button
          type="button"
          onClick={() => setArchived(!archived)}
          className="flex items-center gap-1.5 rounded-md px-1 py-0.5 text-xs text-ink-faint transition-colors hover:text-ink [&>svg]:size-3.5"
        >
          {archived ? <ArrowLeft aria-hidden /> : <Archive aria-hidden />}
          {archived ? "Back" : "Archive"}
        </button>
      </div>
      {q && !archived ? <SearchResults q={q} /> : <ConversationList archived={archived} q={q} />}
      <AccountMenu />
    </nav>
  );
}
