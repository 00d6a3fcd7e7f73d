import type { Conversation } from "@tokenline/client";
import { say } from "@tokenline/client/ui";
import { useRef } from "react";
import { chat } from "../state/chat";
import { api } from "../state/client";

interface Props {
  conversation: Conversation;
  onDone: () => void;
}

/** Enter or leaving the field saves, Escape does not. */
export function RenameField({ conversation, onDone }: Props) {
  const dropped = useRef(false);

  async function save(title: string) {
    onDone();
    if (dropped.current || !title || title === conversation.title) return;
    try {
      const changed = await api.changeConversation(conversation.id, { title });
      chat().apply({ type: "local.conversations", items: [changed] });
    } catch (error) {
      say(error);
    }
  }

  return (
    <input
      autoFocus
      aria-label="Title"
      defaultValue={conversation.title}
      maxLength={200}
      onFocus={(event) => event.target.select()}
      onBlur={(event) => void save(event.target.value.trim())}
      onKeyDown={(event) => {
        if (event.key === "Escape") dropped.current = true;
        if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
      }}
      className="h-full w-full rounded-[10px] border border-accent bg-raised px-3 focus:outline-none"
    />
  );
}
