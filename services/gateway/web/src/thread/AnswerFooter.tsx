import type { ThreadMessage } from "@tokenline/client";
import { Notice, plural } from "@tokenline/client/ui";
import { retry } from "./again";
import { CopyButton } from "./CopyButton";
import { CopyFromHere } from "./CopyFromHere";
import { Feedback } from "./Feedback";
import { Retry } from "./Retry";
import { Versions } from "./Versions";

interface Props {
  message: ThreadMessage;
  question: ThreadMessage | null;
}

/** What can be done with a stored answer, and how it ended. */
export function AnswerFooter({ message, question }: Props) {
  const { content, status } = message;
  const used = tokens(message);
  return (
    <>
      {status === "incomplete" && (
        <Notice tone="warn" className="mt-4" action="Ask again" onAction={() => retry(message)}>
          The answer broke off here.
        </Notice>
      )}
      <div className="mt-2 -ml-2 flex items-center gap-0.5 text-xs text-ink-faint">
        <CopyButton text={content} label="Copy answer" className="size-8 [&>svg]:size-4" />
        {question && <Retry message={message} />}
        <Feedback message={message} />
        <CopyFromHere message={message} />
        <Versions message={message} what="Answer" />
        {status === "cancelled" && <span className="ml-1.5">Stopped</span>}
        {used !== null && (
          <span className="ml-1.5 opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100">
            {plural(used, "token")}
          </span>
        )}
      </div>
    </>
  );
}

function tokens({ tokens_used, usage }: ThreadMessage): number | null {
  return tokens_used ?? (usage ? usage.prompt_tokens + usage.completion_tokens : null);
}
