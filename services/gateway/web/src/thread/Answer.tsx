import type { ServedMessage } from "@tokenline/client";
import { Notice, plural } from "@tokenline/client/ui";
import { AnswerText } from "./AnswerText";
import { CopyButton } from "./CopyButton";
import { Retry, retry } from "./Retry";
import { Sources } from "./Sources";

interface Props {
  message: ServedMessage;
  question: ServedMessage | null;
}

/** A stored answer, whole or as far as it came. */
export function Answer({ message, question }: Props) {
  const { content, status, citations } = message;
  return (
    <div className="group">
      <span className="sr-only">Answer:</span>
      <AnswerText text={content} citations={citations} />
      <Sources citations={citations ?? []} />
      {status === "incomplete" && (
        <Notice tone="warn" className="mt-4" action="Ask again" onAction={() => retry(question)}>
          The answer broke off here.
        </Notice>
      )}
      <div className="mt-2 -ml-2 flex items-center gap-0.5 text-xs text-ink-faint">
        <CopyButton text={content} label="Copy answer" className="size-8 [&>svg]:size-4" />
        <Retry question={question} />
        <span className="ml-1.5 opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100">
          {[status === "cancelled" && "Stopped", tokens(message)].filter(Boolean).join(" · ")}
        </span>
        {status === "cancelled" && <span className="ml-1.5 group-hover:hidden">Stopped</span>}
      </div>
    </div>
  );
}

function tokens({ tokens_used, usage }: ServedMessage): string | null {
  const count = tokens_used ?? (usage ? usage.prompt_tokens + usage.completion_tokens : 0);
  return count ? plural(count, "token") : null;
}
