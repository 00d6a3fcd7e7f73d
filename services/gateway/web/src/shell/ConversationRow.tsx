import type { Conversation } from "@tokenline/client";
import { cx } from "@tokenline/client/ui";
import { memo, useState } from "react";
import { Link, useRoute } from "wouter";
import { ConversationMenu } from "./ConversationMenu";
import { LiveBadge } from "./LiveBadge";
import { RenameField } from "./RenameField";
import { UnreadDot, useUnread } from "./UnreadDot";

export const ConversationRow = memo(function ConversationRow({ conversation }: { conversation: Conversation }) {
  const [renaming, setRenaming] = useState(false);
  const [here] = useRoute(`/chat/${conversation.id}`);
  const unread = useUnread(conversation, here);

  return (
    <li
      className={cx(
        "group relative flex h-9 items-center rounded-[10px] text-sm transition-colors",
        here ? "bg-sunken font-medium text-ink" : "text-ink-soft hover:bg-sunken/70 hover:text-ink",
      )}
    >
      {renaming ? (
        <RenameField conversation={conversation} onDone={() => setRenaming(false)} />
      ) : (
        <>
          <Link
            href={`/chat/${conversation.id}`}
            aria-current={here ? "page" : undefined}
            className="flex h-full min-w-0 flex-1 items-center gap-2 rounded-[10px] pr-1 pl-3"
            onDoubleClick={() => setRenaming(true)}
          >
            <span className={cx("truncate", unread && "font-semibold text-ink")}>{conversation.title || "New chat"}</span>
            <LiveBadge conversationId={conversation.id} otherwise={unread ? <UnreadDot /> : null} />
          </Link>
          <ConversationMenu conversation={conversation} here={here} onRename={() => setRenaming(true)} />
        </>
      )}
    </li>
  );
});
