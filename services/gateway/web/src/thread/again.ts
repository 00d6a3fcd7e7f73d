import type { ThreadMessage } from "@tokenline/client";
import { say } from "@tokenline/client/ui";
import { chat } from "../state/chat";

/** Asks something else, as a question of its own at the end of the conversation. */
export function askAnew(question: ThreadMessage, content: string): void {
  chat().ask(content, { conversationId: question.conversation_id, agentId: null, attachments: filesOf(question) });
}

/** Asks something else in the place of a question, with its files. */
export function askInstead(question: ThreadMessage, content: string): void {
  chat().ask(content, {
    conversationId: question.conversation_id,
    agentId: null,
    attachments: filesOf(question),
    insteadOf: question.id,
  });
}

/** Asks for another answer: to a question, or beside an answer. */
export function retry(message: ThreadMessage | null): void {
  if (message) chat().retry(message.id).catch(say);
}

function filesOf(question: ThreadMessage) {
  const { attachments } = chat().state;
  return (question.attachment_ids ?? []).flatMap((id) => attachments[id] ?? question.attachments?.find((file) => file.id === id) ?? []);
}
