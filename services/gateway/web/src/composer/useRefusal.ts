import type { Outgoing } from "@tokenline/client";
import { useEffect, useLayoutEffect, useState } from "react";
import { chat, useChat } from "../state/chat";
import { addToDraft } from "../state/drafts";
import { restore } from "../state/uploads";

/**
 * Why a question came back because an answer is running; its text and files are in the composer again. `null` once
 * nothing is running (`busy` false) or it was sent again.
 */
export function useRefusal(conversationId: string | null, busy: boolean): [string | null, () => void] {
  const [sentence, setSentence] = useState<string | null>(null);
  const refused = useChat(({ state }) => state.outbox.find((entry) => isRefused(entry, conversationId)));
  // Before anything is drawn: it must not be seen as a failed message first.
  useLayoutEffect(() => {
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

function isRefused({ conversationId, error }: Outgoing, shown: string | null): boolean {
  return shown !== null && conversationId === shown && error?.code === "busy";
}
