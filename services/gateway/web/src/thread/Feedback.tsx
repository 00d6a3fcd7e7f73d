import type { Rating, ThreadMessage } from "@tokenline/client";
import { cx, IconButton, say } from "@tokenline/client/ui";
import { ThumbsDown, ThumbsUp } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";
import { chat } from "../state/chat";
import { FeedbackForm } from "./FeedbackForm";

const ICON = "size-8 [&>svg]:size-4";

/** Thumbs up, thumbs down. Who does not like an answer is asked why, and may leave that open. */
export function Feedback({ message }: { message: ThreadMessage }) {
  const [asking, setAsking] = useState(false);
  const rating = message.feedback?.rating ?? null;

  function rate(next: Rating | null) {
    chat()
      .rate(message, next && { rating: next })
      .catch(say);
  }

  return (
    <>
      <IconButton
        label="Good answer"
        aria-pressed={rating === "up"}
        className={cx(ICON, rating === "up" && "text-accent! [&>svg]:fill-accent/20")}
        onClick={() => rate(rating === "up" ? null : "up")}
      >
        <ThumbsUp aria-hidden />
      </IconButton>
      <Popover.Root open={asking} onOpenChange={setAsking}>
        <Popover.Trigger asChild>
          <IconButton
            label="Bad answer"
            aria-pressed={rating === "down"}
            className={cx(ICON, rating === "down" && "text-bad! [&>svg]:fill-bad/20")}
            onClick={() => rating !== "down" && rate("down")}
          >
            <ThumbsDown aria-hidden />
          </IconButton>
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content
            side="top"
            align="start"
            sideOffset={6}
            collisionPadding={12}
            className="z-50 w-[min(360px,92vw)] animate-fade rounded-2xl border border-line bg-raised p-4 text-ink shadow-soft focus:outline-none"
          >
            <FeedbackForm message={message} onDone={() => setAsking(false)} />
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
    </>
  );
}
