import type { ThreadMessage } from "@tokenline/client";
import { Button } from "@tokenline/client/ui";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { submits } from "../composer/keys";
import { useAutoHeight } from "../composer/useAutoHeight";
import { askInstead } from "./again";

interface Props {
  question: ThreadMessage;
  onClose: () => void;
}

/** Another text for a question that was answered: sent as a branch beside it, so that nothing is lost. */
export function BranchEditor({ question, onClose }: Props) {
  const [text, setText] = useState(question.content);
  const area = useRef<HTMLTextAreaElement>(null);
  useAutoHeight(area, text);
  useEffect(() => {
    area.current?.focus();
    area.current?.setSelectionRange(question.content.length, question.content.length);
    // Once, when it opens.
  }, []);

  const wanted = text.trim();

  function send() {
    if (!wanted) return;
    if (wanted !== question.content) askInstead(question, wanted);
    onClose();
  }

  function keyDown(event: KeyboardEvent) {
    if (event.key === "Escape" && !event.nativeEvent.isComposing) onClose();
    if (!submits(event)) return;
    event.preventDefault();
    send();
  }

  return (
    <form
      aria-label="Edit your question"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      className="w-full animate-fade rounded-[20px] rounded-br-md border border-accent/45 bg-raised shadow-soft"
    >
      <textarea
        ref={area}
        value={text}
        rows={1}
        aria-label="Your question, edited"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={keyDown}
        className="block max-h-[40vh] w-full resize-none bg-transparent px-4 pt-2.5 pb-1 text-base focus:outline-none md:text-[15px]"
      />
      <div className="flex flex-wrap items-center justify-end gap-1 px-2 pb-2 text-[13px]">
        <span className="mr-auto hidden pl-2 text-ink-faint sm:inline pointer-coarse:hidden">
          The answers so far stay, a step back.
        </span>
        <Button kind="ghost" className={SMALL} onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" kind="primary" className={SMALL} disabled={!wanted}>
          Send
        </Button>
      </div>
    </form>
  );
}

const SMALL = "h-8 px-3 text-[13px]";
