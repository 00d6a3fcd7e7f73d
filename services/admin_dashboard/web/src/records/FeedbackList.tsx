import type { FeedbackReason, FeedbackRow } from "@tokenline/client";
import { cx, when } from "@tokenline/client/ui";
import { ThumbsDown, ThumbsUp } from "lucide-react";
import { useFeedback } from "../state/records";
import { Earlier } from "./Earlier";
import { Reading } from "./Reading";
import { TONES } from "./words";

const REASONS: Record<FeedbackReason, string> = {
  incorrect: "not correct",
  incomplete: "something missing",
  off_topic: "not what was asked",
  style: "length or tone",
  unsafe: "unsafe",
};

/** What users think of answers, and why. What was asked and answered stays between them and the agent. */
export function FeedbackList() {
  const log = useFeedback();
  if (!log.data) return <Reading error={log.error} onRetry={() => void log.refetch()} />;
  const items = log.data.pages.flatMap((page) => page.items);
  if (items.length === 0) {
    return <p className="px-5 py-10 text-center text-[13px] text-ink-faint">Nobody has rated an answer yet.</p>;
  }
  return (
    <div>
      <ol aria-label="Feedback" className="max-h-[480px] overflow-y-auto">
        {items.map((item) => (
          <Row key={item.message_id} item={item} />
        ))}
      </ol>
      <Earlier query={log} />
    </div>
  );
}

function Row({ item: { user, agent, feedback, conversation_id } }: { item: FeedbackRow }) {
  const good = feedback.rating === "up";
  const at = new Date(feedback.at * 1000);
  return (
    <li
      className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 border-t border-line px-5 py-2.5 text-[13px] first:border-t-0 sm:grid-cols-[88px_28px_minmax(140px,1fr)_minmax(0,2fr)] sm:items-start"
      title={`Conversation ${conversation_id} · ${at.toLocaleString()}`}
    >
      <time dateTime={at.toISOString()} className="order-4 text-ink-faint tabular-nums sm:order-none sm:py-0.5">
        {when(feedback.at)}
      </time>
      <span
        role="img"
        aria-label={good ? "Good answer" : "Bad answer"}
        className={cx("grid size-6 place-items-center rounded-full [&>svg]:size-3.5", TONES[good ? "good" : "bad"])}
      >
        {good ? <ThumbsUp aria-hidden /> : <ThumbsDown aria-hidden />}
      </span>
      <span className="min-w-0 truncate py-0.5 text-ink-soft">
        {user} <span className="text-ink-faint">· {agent}</span>
      </span>
      <div className="col-span-2 min-w-0 py-0.5 sm:col-span-1">
        {feedback.reasons.length > 0 && (
          <p className="text-ink-faint">{feedback.reasons.map((reason) => REASONS[reason] ?? reason).join(", ")}</p>
        )}
        {feedback.comment && <p className="break-words whitespace-pre-wrap">{feedback.comment}</p>}
      </div>
    </li>
  );
}
