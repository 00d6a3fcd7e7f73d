import type { Attachment, ThreadMessage, TicketView } from "@tokenline/client";
import { useEffect } from "react";
import { leaveEdit, useEdit } from "../state/edits";
import { lateBecause, QuestionEditor } from "../waiting/QuestionEditor";
import { Question } from "./Question";

interface Props {
  question: ThreadMessage;
  files: Attachment[];
  ticket: TicketView | null;
}

/** A question; while it is edited its editor stands in its place, and once that is too late, under it. */
export function Asked({ question, files, ticket }: Props) {
  const ticketId = question.ticket_id;
  const edit = useEdit(ticketId);
  const phase = ticket?.phase ?? null;
  const late = edit && (edit.tooLate || !phase || !EDITABLE.has(phase)) ? lateBecause(phase) : null;
  const unchanged = late !== null && edit?.text.trim() === question.content;
  useEffect(() => {
    if (unchanged && ticketId) leaveEdit(ticketId);
  }, [unchanged, ticketId]);

  return (
    <Question content={edit && !late ? "" : question.content} files={files}>
      {edit && ticketId && !unchanged && (
        <QuestionEditor ticketId={ticketId} question={question} edit={edit} late={late} />
      )}
    </Question>
  );
}

const EDITABLE = new Set(["held", "queued", "unknown"]);
