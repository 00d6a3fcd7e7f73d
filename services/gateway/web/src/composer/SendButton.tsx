import { IconButton } from "@tokenline/client/ui";
import { ArrowUp, Square, Zap } from "lucide-react";
import { chat } from "../state/chat";
import { useFollowUp } from "../state/follow_up";

interface Props {
  conversationId: string | null;
  /** There is something to send. */
  ready: boolean;
  uploading: boolean;
  /** The ticket that Stop means, while one is live. */
  live: string | undefined;
}

/** Sends; stops where there is nothing to send; says so where sending stops what is running. */
export function SendButton({ conversationId, ready, uploading, live }: Props) {
  const interrupts = useFollowUp(conversationId) === "interrupt" && live !== undefined;
  if (live && !ready) {
    return (
      <IconButton label="Stop" onClick={() => chat().stop(live)} className={ROUND}>
        <Square className="fill-current !size-3.5" aria-hidden />
      </IconButton>
    );
  }
  if (interrupts) {
    return (
      <button
        type="submit"
        title="Stops the answer that is running, then asks this"
        className="flex h-9 shrink-0 items-center gap-1.5 rounded-full bg-ink pr-4 pl-3 text-sm font-medium text-page transition-colors hover:bg-ink-soft"
      >
        <Zap className="size-4" aria-hidden />
        Interrupt<span className="sr-only"> and send</span>
      </button>
    );
  }
  return (
    <IconButton label={uploading ? "Waiting for the upload" : "Send"} type="submit" disabled={!ready} className={ROUND}>
      <ArrowUp aria-hidden />
    </IconButton>
  );
}

const ROUND =
  "rounded-full bg-ink text-page hover:bg-ink-soft hover:text-page " +
  "disabled:bg-sunken disabled:text-ink-faint disabled:opacity-100";
