import { cx } from "@tokenline/client/ui";
import { MessageCircleDashed } from "lucide-react";
import { setTemporary, useTemporary } from "../state/temporary";

/** In a new conversation a switch, in a temporary one what it is; otherwise nothing. */
export function TemporarySwitch({ conversationId }: { conversationId: string | null }) {
  const on = useTemporary(conversationId);
  if (conversationId) return on ? <span className={cx(LOOK, ON)}>{ICON} Temporary</span> : null;
  return (
    <button
      type="button"
      aria-pressed={on}
      title="Not in your list, not searched, and deleted when you leave it"
      onClick={() => setTemporary(!on)}
      className={cx(LOOK, on ? ON : "border-transparent text-ink-soft hover:bg-sunken hover:text-ink")}
    >
      {ICON} Temporary<span className="sr-only"> chat</span>
    </button>
  );
}

const ICON = <MessageCircleDashed className="size-4" aria-hidden />;
const LOOK = "flex h-9 shrink-0 items-center gap-1.5 rounded-[10px] border border-dashed px-2.5 text-[13px] transition-colors";
const ON = "border-accent/60 bg-accent-soft text-accent";
