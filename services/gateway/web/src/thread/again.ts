import type { ThreadMessage } from "@tokenline/client";
import { chat } from "../state/chat";

/** Asks the same again, or something else in its place, as a question of its own at the end of the conversation. */
export function askAgain(question: ThreadMessage | null, content = question?.content): void {
  if (!question || !content) return;
  const { attachments } = chat().state;
  chat().ask(content, {
    conversationId: question.conversation_id,
    agentId: null,
    attachments: (question.attachment_ids ?? []).flatMap((id) => attachments[id] ?? []),
  });
}
