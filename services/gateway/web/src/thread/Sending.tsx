import type { Outgoing } from "@tokenline/client";
import { Button, Spinner } from "@tokenline/client/ui";
import { chat, useChat } from "../state/chat";
import { Question } from "./Question";

/** A question the server has not accepted yet: on its way, waiting for a connection, or refused. */
export function Sending({ outgoing }: { outgoing: Outgoing }) {
  const away = useChat(({ connection }) => connection !== "open");
  const { clientMessageId, content, attachments, error } = outgoing;
  return (
    <article className="space-y-2">
      <div className={error ? "" : "opacity-60"}>
        <Question content={content} files={attachments} />
      </div>
      <div className="flex items-center justify-end gap-1 text-[13px] text-ink-faint">
        {error ? (
          <>
            <span role="alert" className="mr-1 text-bad">
              {error.message}
            </span>
            <Button kind="ghost" className="h-8 px-2.5" onClick={() => chat().askAgain(clientMessageId)}>
              Send again
            </Button>
          </>
        ) : (
          <span className="mr-1 flex items-center gap-2">
            <Spinner className="size-3.5" label="" /> {away ? "Goes out when the connection is back" : "Sending"}
          </span>
        )}
        <Button kind="ghost" className="h-8 px-2.5" onClick={() => chat().discard(clientMessageId)}>
          Discard
        </Button>
      </div>
    </article>
  );
}
