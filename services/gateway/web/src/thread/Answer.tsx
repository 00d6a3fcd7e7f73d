import type { ThreadMessage, TicketView } from "@tokenline/client";
import { useRef } from "react";
import { Announcer } from "../waiting/Announcer";
import { AnswerFooter } from "./AnswerFooter";
import { AnswerText } from "./AnswerText";
import { Sources } from "./Sources";
import { ToolCalls } from "./ToolCalls";
import { usesIn, usesOf, wordsOf } from "./tool_uses";
import { Unread } from "./Unread";
import { useReading } from "./useReading";

interface Props {
  /** The stored answer; `null` while it is being written. */
  message: ThreadMessage | null;
  ticket: TicketView | null;
  question: ThreadMessage | null;
}

/** An answer from its first character on: it stays the same element when it is stored, so nothing is drawn anew. */
export function Answer({ message, ticket, question }: Props) {
  const element = useRef<HTMLDivElement>(null);
  useReading(element, message);
  const streaming = message === null;
  const attempt = ticket?.attempt ?? 1;
  const text = message?.content ?? ticket?.text ?? "";
  const uses = message ? usesOf(message) : usesIn(ticket);
  const running = uses.findLast(({ status }) => status === "started");
  const step = running && wordsOf(running).said;
  return (
    <div ref={element} className="group">
      <Announcer text={streaming ? (step ?? "Your answer is being written.") : ticket ? "Your answer is complete." : ""} />
      <span className="sr-only">Answer:</span>
      {streaming && attempt > 1 && (
        <p className="mb-3 text-[13px] text-ink-faint">Interrupted and begun again (attempt {attempt})</p>
      )}
      <ToolCalls uses={uses} reading={streaming && !text} />
      <AnswerText text={text} streaming={streaming} citations={message?.citations} />
      {message && <Sources citations={message.citations ?? []} answer={message.content} />}
      {message && <Unread files={message.unread ?? []} />}
      {message && <AnswerFooter message={message} question={question} />}
    </div>
  );
}
