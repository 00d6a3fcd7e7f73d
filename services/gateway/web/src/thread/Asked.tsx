import { type Attachment, LIVE_PHASES, type ThreadMessage, type TicketView } from "@tokenline/client";
import { useEffect, useState } from "react";
import { leaveEdit, useEdit } from "../state/edits";
import { lateBecause, QuestionEditor } from "../waiting/QuestionEditor";
import { BranchEditor } from "./BranchEditor";
import { Question } from "./Question";
import { QuestionFooter } from "./QuestionFooter";

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

  const [branching, setBranching] = useState(false);
  const open = phase !== null && LIVE_PHASES.has(phase);
  if (branching && !edit) {
    return (
      <Question content="" files={files}>
        <BranchEditor question={question} onClose={() => setBranching(false)} />
      </Question>
    );
  }

  return (
    <Question content={edit && !late ? "" : question.content} files={files}>
      {edit && ticketId && !unchanged && (
        <QuestionEditor ticketId={ticketId} question={question} edit={edit} late={late} />
      )}
      {!edit && <QuestionFooter question={question} onEdit={open ? null : () => setBranching(true)} />}
    </Question>
  );
}

const EDITABLE = new Set(["held", "queued", "unknown"]);
