import { messageOf, rowsOf } from "@tokenline/client";
import { Toast } from "@tokenline/client/ui";
import { useEffect, useMemo, useState } from "react";
import { Composer } from "../composer/Composer";
import { DropZone } from "../composer/DropZone";
import { TypingHint } from "../composer/TypingHint";
import { ConnectionBar } from "../shell/ConnectionBar";
import { TopBar } from "../shell/TopBar";
import { chat, useChat } from "../state/chat";
import { Greeting } from "./Greeting";
import { MessageList } from "./MessageList";
import { ThreadError } from "./ThreadError";
import { ThreadSkeleton } from "./ThreadSkeleton";

interface Props {
  /** `null`: a conversation that begins with the next question. */
  conversationId: string | null;
  onMenu: () => void;
}

export function Thread({ conversationId, onMenu }: Props) {
  const { error, retry } = useLoading(conversationId);
  const thread = useChat(({ state }) => (conversationId ? state.threads[conversationId] : undefined));
  const tickets = useChat(({ state }) => state.tickets);
  const outbox = useChat(({ state }) => state.outbox);
  // These three are all that rows are made of; the rest of the state changes without them.
  const rows = useMemo(() => rowsOf(chat().state, conversationId), [conversationId, thread, tickets, outbox]);
  const loading = conversationId !== null && !thread?.loaded && rows.length === 0;

  return (
    <DropZone thread={conversationId ?? "new"}>
      <TopBar conversationId={conversationId} onMenu={onMenu} />
      <Toast />
      {error && rows.length === 0 ? (
        <ThreadError message={error} onRetry={retry} />
      ) : loading ? (
        <ThreadSkeleton />
      ) : rows.length === 0 ? (
        <Greeting conversationId={conversationId} />
      ) : (
        <MessageList rows={rows} conversationId={conversationId} older={thread?.older ?? null} />
      )}
      <div className="mx-auto w-full max-w-[776px] shrink-0 space-y-2 px-3 pb-3 md:px-5 md:pb-5">
        <ConnectionBar />
        <TypingHint conversationId={conversationId} />
        <Composer conversationId={conversationId} />
      </div>
    </DropZone>
  );
}

function useLoading(conversationId: string | null) {
  const [error, setError] = useState<string | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let left = false;
    setError(null);
    if (conversationId) {
      chat()
        .show(conversationId)
        .catch((failure: unknown) => {
          if (!left) setError(messageOf(failure));
        });
    }
    return () => {
      left = true;
    };
  }, [conversationId, tries]);
  return { error, retry: () => setTries(tries + 1) };
}
