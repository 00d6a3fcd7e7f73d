import type { Row, ThreadMessage } from "@tokenline/client";
import { memo } from "react";
import { useChat } from "../state/chat";
import { useShallow } from "zustand/react/shallow";
import { WaitingCard } from "../waiting/WaitingCard";
import { Answer } from "./Answer";
import { AnswerText } from "./AnswerText";
import { Asked } from "./Asked";
import { Ended } from "./Ended";
import { Sending } from "./Sending";

type Props = Omit<Row, "key">;

/** A question and what became of it. */
export const Exchange = memo(function Exchange({ question, outgoing, answer, ticket }: Props) {
  const files = useFiles(question);
  const latest = useChat(({ state }) => state.tickets[question?.ticket_id ?? ""] ?? null);
  if (outgoing) return <Sending outgoing={outgoing} />;
  const open = answer ? null : ticket;
  const begun = open && (open.text || open.toolCalls.length > 0);
  const waiting = open && (WAITING.has(open.phase) || (open.phase === "processing" && !begun));
  const streaming = open && (open.phase === "streaming" || (open.phase === "processing" && begun));
  return (
    <article className="space-y-5">
      {question && <Asked question={question} files={files} ticket={ticket} />}
      {waiting && open.text && (
        // What a failed attempt had said stays until the next one speaks.
        <div className="opacity-55">
          <AnswerText text={open.text} />
        </div>
      )}
      {waiting && question && (
        <WaitingCard ticket={open} content={question.content} files={files} askedAt={question.created_at} />
      )}
      {(answer || streaming) && <Answer message={answer} ticket={ticket} question={question} />}
      {open && (open.phase === "error" || open.phase === "cancelled") && <Ended ticket={open} question={question} />}
      {answer && latest?.phase === "error" && latest.id !== answer.ticket_id && (
        // Another answer was asked for and could not be given: this one stays.
        <Ended ticket={latest} question={question} />
      )}
    </article>
  );
});

const WAITING = new Set(["held", "queued", "unknown"]);

/** The question's attachments as last heard of. */
function useFiles(question: ThreadMessage | null) {
  return useChat(
    useShallow(({ state }) => {
      const own = new Map(question?.attachments?.map((file) => [file.id, file]));
      const ids = question?.attachment_ids?.length ? question.attachment_ids : [...own.keys()];
      return ids.flatMap((id) => state.attachments[id] ?? own.get(id) ?? []);
    }),
  );
}
