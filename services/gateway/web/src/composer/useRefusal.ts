import { cameBack, goneFiles, wasLimited } from "@tokenline/client";
import { useEffect, useState } from "react";
import { chat, useChat } from "../state/chat";
import { addToDraft } from "../state/drafts";
import { pauseSending } from "../state/pause";
import { restore } from "../state/uploads";

/**
 * Takes questions back that were refused for now; their text and files are in the composer again. Says why if an answer
 * is running or a file is gone: `null` once nothing runs any more (`busy` false) or it was sent again. If a limit is used
 * up, sending pauses.
 */
export function useRefusal(conversationId: string | null, busy: boolean): [string | null, () => void] {
  const [sentence, setSentence] = useState<string | null>(null);
  const refused = useChat(({ state }) =>
    state.outbox.find((entry) => entry.conversationId === conversationId && cameBack(entry)),
  );
  useEffect(() => {
    if (!refused?.error) return;
    const thread = conversationId ?? "new";
    chat().discard(refused.clientMessageId);
    addToDraft(thread, refused.content);
    restore(thread, refused.attachments, goneFiles(refused));
    if (wasLimited(refused)) pauseSending(refused.error);
    else setSentence(refused.error.message);
  }, [refused, conversationId]);
  useEffect(() => {
    if (!busy) setSentence(null);
  }, [busy]);
  return [sentence, () => setSentence(null)];
}
