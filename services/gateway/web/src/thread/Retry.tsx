import type { ServedMessage } from "@tokenline/client";
import { IconButton } from "@tokenline/client/ui";
import { RotateCcw } from "lucide-react";
import { chat } from "../state/chat";

/** Asks the same again, as a question of its own at the end of the conversation. */
export function retry(question: ServedMessage | null): void {
  if (!question) return;
  const { attachments } = chat().state;
  chat().ask(question.content, {
    conversationId: question.conversation_id,
    agentId: null,
    attachments: (question.attachment_ids ?? []).flatMap((id) => attachments[id] ?? []),
  });
}

export function Retry({ question }: { question: ServedMessage | null }) {
  if (!question) return null;
  return (
    <IconButton label="Ask again" className="size-8 [&>svg]:size-4" onClick={() => retry(question)}>
      <RotateCcw aria-hidden />
    </IconButton>
  );
}
