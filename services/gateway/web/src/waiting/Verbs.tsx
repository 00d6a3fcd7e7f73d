import type { TicketView } from "@tokenline/client";
import { Button } from "@tokenline/client/ui";
import { Pencil, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { focusComposer } from "../composer/focus";
import { chat } from "../state/chat";
import { beginEdit, useEdit } from "../state/edits";
import { isWaiting } from "./explain";

/** What can be done with a question that has no answer yet: edit and withdraw it while it waits, then stop it. */
export function Verbs({ ticket, content }: { ticket: TicketView; content: string }) {
  const editing = useEdit(ticket.id) !== null;
  const waiting = isWaiting(ticket);
  const edit = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(editing);
  // The editor is gone: whoever used it goes on where it was opened.
  useEffect(() => {
    if (wasEditing.current && !editing) edit.current?.focus();
    wasEditing.current = editing;
  }, [editing]);

  function stop() {
    chat().stop(ticket.id);
    focusComposer();
  }

  return (
    <>
      {waiting && !editing && !ticket.stopping && (
        <Button ref={edit} kind="ghost" className={SMALL} onClick={() => beginEdit(ticket.id, content)}>
          <Pencil className="size-3.5" aria-hidden />
          Edit
        </Button>
      )}
      <Button kind="ghost" className={SMALL} disabled={ticket.stopping} onClick={stop}>
        <X className="size-4" aria-hidden />
        {waiting ? "Withdraw" : "Stop"}
      </Button>
    </>
  );
}

const SMALL = "h-8 px-2.5 text-[13px]";
