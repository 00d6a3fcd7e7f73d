import type { FeedbackReason, ThreadMessage } from "@tokenline/client";
import { Button, cx, FIELD, say } from "@tokenline/client/ui";
import { useId, useState } from "react";
import { chat } from "../state/chat";

const REASONS: [FeedbackReason, string][] = [
  ["incorrect", "Not correct"],
  ["incomplete", "Something is missing"],
  ["off_topic", "Not what I asked"],
  ["style", "Length or tone"],
  ["unsafe", "Unsafe"],
];
const MAX_COMMENT = 2000;

interface Props {
  message: ThreadMessage;
  onDone: () => void;
}

/** Why an answer is not liked: all of it may be left open. */
export function FeedbackForm({ message, onDone }: Props) {
  const given = message.feedback?.rating === "down" ? message.feedback : null;
  const [reasons, setReasons] = useState<FeedbackReason[]>(given?.reasons ?? []);
  const [comment, setComment] = useState(given?.comment ?? "");
  const title = useId();

  function toggle(reason: FeedbackReason) {
    setReasons(reasons.includes(reason) ? reasons.filter((other) => other !== reason) : [...reasons, reason]);
  }

  function finish(keep: boolean) {
    onDone();
    const said = keep ? { rating: "down" as const, reasons, ...(comment.trim() && { comment: comment.trim() }) } : null;
    chat().rate(message, said).catch(say);
  }

  return (
    <form
      aria-labelledby={title}
      onSubmit={(event) => {
        event.preventDefault();
        finish(true);
      }}
    >
      <h2 id={title} className="text-sm font-medium">
        What was wrong with this answer?
      </h2>
      <div className="mt-3 flex flex-wrap gap-1.5">
        {REASONS.map(([reason, label]) => (
          <button
            key={reason}
            type="button"
            aria-pressed={reasons.includes(reason)}
            onClick={() => toggle(reason)}
            className={cx(
              "h-8 rounded-full border px-3 text-[13px] transition-colors",
              reasons.includes(reason)
                ? "border-accent bg-accent-soft text-accent"
                : "border-line-strong text-ink-soft hover:bg-sunken hover:text-ink",
            )}
          >
            {label}
          </button>
        ))}
      </div>
      <textarea
        value={comment}
        onChange={(event) => setComment(event.target.value)}
        maxLength={MAX_COMMENT}
        rows={3}
        aria-label="Comment"
        placeholder="More, if you like. Administrators can read it."
        className={cx(FIELD, "mt-3 resize-none py-2")}
      />
      <div className="mt-3 flex justify-between gap-2">
        <Button kind="ghost" onClick={() => finish(false)}>
          Take back
        </Button>
        <Button kind="primary" type="submit">
          Send feedback
        </Button>
      </div>
    </form>
  );
}
