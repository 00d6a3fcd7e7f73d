import type { ThreadMessage } from "@tokenline/client";
import { cx, IconButton } from "@tokenline/client/ui";
import { Pencil } from "lucide-react";
import { CopyButton } from "./CopyButton";
import { Versions } from "./Versions";

interface Props {
  question: ThreadMessage;
  /** `null`: it waits, and is edited in its own way. */
  onEdit: (() => void) | null;
}

/** What can be done with a question that was sent. */
export function QuestionFooter({ question, onEdit }: Props) {
  return (
    <div className="-mt-1 -mr-1 flex items-center gap-0.5 text-ink-faint">
      <span
        className={cx(
          "flex opacity-0 transition-opacity duration-150 group-focus-within/question:opacity-100",
          "group-hover/question:opacity-100 pointer-coarse:opacity-100",
        )}
      >
        <CopyButton text={question.content} label="Copy question" className="size-8 [&>svg]:size-4" />
        {onEdit && (
          <IconButton label="Rewrite this question" small onClick={onEdit}>
            <Pencil aria-hidden />
          </IconButton>
        )}
      </span>
      <Versions message={question} what="Question" />
    </div>
  );
}
