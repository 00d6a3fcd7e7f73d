import type { Row, ServedMessage } from "@tokenline/client";
import { memo } from "react";
import { useChat } from "../state/chat";
import { useShallow } from "zustand/react/shallow";
import { WaitingCard } from "../waiting/WaitingCard";
import { Answer } from "./Answer";
import { Ended } from "./Ended";
import { Question } from "./Question";
import { Sending } from "./Sending";

type Props = Omit<Row, "key">;

/** A question and what became of it. */
export const Exchange = memo(function Exchange({ question, outgoing, answer, ticket }: Props) {
  const files = useFiles(question);
  if (outgoing) return <Sending outgoing={outgoing} />;
  const waiting = !answer && ticket && !ticket.text && UNANSWERED.has(ticket.phase);
  const streaming = !answer && ticket && (ticket.phase === "streaming" || (ticket.phase === "processing" && ticket.text));
  return (
    <article className="space-y-5">
      {question && <Question content={question.content} files={files} />}
      {waiting && question && <WaitingCard ticket={ticket} files={files} askedAt={question.created_at} />}
      {(answer || streaming) && <Answer message={answer} ticket={ticket} question={question} />}
      {!answer && ticket && (ticket.phase === "error" || ticket.phase === "cancelled") && (
        <Ended ticket={ticket} question={question} />
      )}
    </article>
  );
});

const UNANSWERED = new Set(["held", "queued", "processing", "unknown"]);

/** The question's attachments as last heard of. */
function useFiles(question: ServedMessage | null) {
  return useChat(
    useShallow(({ state }) => {
      const own = new Map(question?.attachments?.map((file) => [file.id, file]));
      const ids = question?.attachment_ids?.length ? question.attachment_ids : [...own.keys()];
      return ids.flatMap((id) => state.attachments[id] ?? own.get(id) ?? []);
    }),
  );
}
