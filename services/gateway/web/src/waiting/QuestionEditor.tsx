import type { Phase, ThreadMessage } from "@tokenline/client";
import { Button, Spinner } from "@tokenline/client/ui";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { focusComposer } from "../composer/focus";
import { submits } from "../composer/keys";
import { useAutoHeight } from "../composer/useAutoHeight";
import { changeEdit, type Edit, leaveEdit, saveEdit } from "../state/edits";
import { askAnew } from "../thread/again";

interface Props {
  ticketId: string;
  question: ThreadMessage;
  edit: Edit;
  /** `null` while it waits; otherwise why it is too late. */
  late: string | null;
}

/**
 * Another text for a question that waits: Enter saves, Escape leaves. When a worker was faster nothing is lost: what
 * was written can go out as a message of its own.
 */
export function QuestionEditor({ ticketId, question, edit, late }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  useAutoHeight(area, edit.text);
  useEffect(() => {
    area.current?.focus();
    area.current?.setSelectionRange(edit.text.length, edit.text.length);
    // Once, when it opens.
  }, []);

  const empty = edit.text.trim() === "";

  function leave() {
    leaveEdit(ticketId);
    if (late) focusComposer();
  }

  function done() {
    if (empty || edit.saving) return;
    const text = edit.text.trim();
    if (late) askAnew(question, text);
    if (late || text === question.content) leave();
    else void saveEdit(ticketId);
  }

  function keyDown(event: KeyboardEvent) {
    if (event.key === "Escape" && !late && !event.nativeEvent.isComposing) leave();
    if (!submits(event)) return;
    event.preventDefault();
    done();
  }

  return (
    <form
      aria-label={late ? "Your change" : "Edit your question"}
      onSubmit={(event) => {
        event.preventDefault();
        done();
      }}
      className="w-full animate-fade rounded-[20px] rounded-br-md border border-accent/45 bg-raised shadow-soft"
    >
      {late && (
        <p role="alert" className="px-4 pt-3 text-[13px] font-medium text-warn">
          {late}
        </p>
      )}
      <textarea
        ref={area}
        value={edit.text}
        rows={1}
        readOnly={edit.saving}
        aria-label="Your question, edited"
        onChange={(event) => changeEdit(ticketId, event.target.value)}
        onKeyDown={keyDown}
        className="block max-h-[40vh] w-full resize-none bg-transparent px-4 pt-2.5 pb-1 text-base focus:outline-none md:text-[15px]"
      />
      <div className="flex flex-wrap items-center justify-end gap-1 px-2 pb-2 text-[13px]">
        {edit.problem ? (
          <span role="alert" className="mr-auto pl-2 text-bad">
            {edit.problem}
          </span>
        ) : (
          !late && (
            <span className="mr-auto hidden pl-2 text-ink-faint sm:inline pointer-coarse:hidden">
              Your place is kept. Esc leaves.
            </span>
          )
        )}
        <Button kind="ghost" className={SMALL} onClick={leave}>
          {late ? "Discard" : "Cancel"}
        </Button>
        <Button type="submit" kind="primary" className={SMALL} disabled={empty || edit.saving}>
          {edit.saving && <Spinner className="size-3.5" label="" />}
          {late ? "Send as a new message" : "Save"}
        </Button>
      </div>
    </form>
  );
}

const SMALL = "h-8 px-3 text-[13px]";

/** Why a question can no longer be edited; `null`: its ticket is not known, so it was answered long ago. */
export function lateBecause(phase: Phase | null): string {
  switch (phase) {
    case "cancelled":
      return "It was withdrawn meanwhile. Your change was not made.";
    case "error":
    case "complete":
    case null:
      return "It has ended meanwhile. Your change was not made.";
    default:
      return "A worker has just taken it. Your change was not made.";
  }
}
