import { alternativesOf, threadOf, type ThreadMessage } from "@tokenline/client";
import { IconButton, say } from "@tokenline/client/ui";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import { chat, useChat } from "../state/chat";

/** ‹ 2/3 ›: the way to what else was asked, or answered, in this place. Nothing where there is nothing else. */
export function Versions({ message, what }: { message: ThreadMessage; what: string }) {
  const { id, conversation_id: conversationId } = message;
  // The thread itself: while an answer is written it stays the same one.
  const thread = useChat(({ state }) => threadOf(state, conversationId));
  const ids = useMemo(() => alternativesOf(thread, message), [thread, message]);
  const [switching, setSwitching] = useState(false);
  if (ids.length < 2) return null;
  const at = ids.indexOf(id);

  function go(to: string | undefined) {
    if (!to || switching) return;
    setSwitching(true);
    chat()
      .switchTo(conversationId, to)
      .catch(say)
      .finally(() => setSwitching(false));
  }

  return (
    <span role="group" aria-label={`${what} ${at + 1} of ${ids.length}`} className="flex items-center text-xs text-ink-faint">
      <IconButton label={`Earlier ${what.toLowerCase()}`} small disabled={at <= 0} onClick={() => go(ids[at - 1])}>
        <ChevronLeft aria-hidden />
      </IconButton>
      <span aria-hidden className="tabular-nums">
        {at + 1}/{ids.length}
      </span>
      <IconButton label={`Later ${what.toLowerCase()}`} small disabled={at >= ids.length - 1} onClick={() => go(ids[at + 1])}>
        <ChevronRight aria-hidden />
      </IconButton>
    </span>
  );
}
