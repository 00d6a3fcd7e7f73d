import { type Conversation, isUnread } from "@tokenline/client";
import { useLookedAt } from "../state/focus";

/** Whether a conversation has an answer that nobody has seen; not of one that is being looked at. */
export function useUnread(conversation: Conversation, here: boolean): boolean {
  const looked = useLookedAt();
  return isUnread(conversation) && !(here && looked);
}

export function UnreadDot() {
  return (
    <span role="img" aria-label="Answer ready" title="Answer ready" className="ml-auto size-2 shrink-0 rounded-full bg-accent" />
  );
}
