import { IconButton } from "@tokenline/client/ui";
import { Menu, SquarePen } from "lucide-react";
import { Link } from "wouter";
import { useChat } from "../state/chat";
import { AgentPicker } from "./AgentPicker";
import { TemporarySwitch } from "./TemporarySwitch";

interface Props {
  conversationId: string | null;
  onMenu: () => void;
}

export function TopBar({ conversationId, onMenu }: Props) {
  const title = useChat(({ state }) => (conversationId ? state.conversations[conversationId]?.title : "")) ?? "";
  return (
    <header className="flex h-14 shrink-0 items-center gap-1.5 px-2 md:px-4">
      <IconButton label="Conversations" className="md:hidden" onClick={onMenu}>
        <Menu aria-hidden />
      </IconButton>
      <AgentPicker conversationId={conversationId} />
      <h1 className="min-w-0 flex-1 truncate px-2 text-center text-sm text-ink-faint">{title}</h1>
      <TemporarySwitch conversationId={conversationId} />
      <Link
        href="/"
        aria-label="New chat"
        title="New chat"
        className="grid size-9 place-items-center rounded-[10px] text-ink-soft transition-colors hover:bg-sunken hover:text-ink"
      >
        <SquarePen className="size-[18px]" aria-hidden />
      </Link>
    </header>
  );
}
