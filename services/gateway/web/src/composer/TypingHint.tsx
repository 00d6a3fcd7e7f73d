import { TYPING_MS } from "@tokenline/client";
import { useNow } from "@tokenline/client/ui";
import { useChat } from "../state/chat";

/** Says that a question is being written here on another device, as long as that is fresh. */
export function TypingHint({ conversationId }: { conversationId: string | null }) {
  const at = useChat(({ state }) => (conversationId && state.typing[conversationId]) || 0);
  const now = useNow(500, at > 0 && Date.now() - at < TYPING_MS);
  if (now - at >= TYPING_MS) return null;
  return (
    <p role="status" className="flex animate-fade items-center gap-2 px-3 text-[13px] text-ink-faint">
      <span className="size-1.5 animate-breathe rounded-full bg-accent" aria-hidden />
      You are typing on another device
    </p>
  );
}
