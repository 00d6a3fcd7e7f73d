import { wasBusy } from "@tokenline/client";
import { useEffect, useState } from "react";
import { chat, useChat } from "../state/chat";
import { addToDraft } from "../state/drafts";
import { restore } from "../state/uploads";

/**
 * Why a question came back because an answer is running; its text and files are in the composer again. `null` once
 * nothing is running (`busy` false) or it was sent again.
 */
export function useRefusal(conversationId: string | null, busy: boolean): [string | null, () => void] {
  const [sentence, setSentence] = useState<string | null>(null);
  const refused = useChat(({ state }) =>
    state.outbox.find((entry) => entry.conversationId === conversationId && wasBusy(entry)),
  );
  useEffect(() => {
    if (!refused?.error || !conversationId) return;
    chat().discard(refused.clientMessageId);
    addToDraft(conversationId, refused.content);
    restore(conversationId, refused.attachments);
    setSentence(refused.error.message);
  }, [refused, conversationId]);
  useEffect(() => {
    if (!busy) setSentence(null);
  }, [busy]);
  return [sentence, () => setSentence(null)];
}
