import type { ThreadMessage, TicketView } from "@tokenline/client";
import { Notice } from "@tokenline/client/ui";
import { retry } from "./again";
import { AnswerText } from "./AnswerText";
import { ToolCalls } from "./ToolCalls";
import { usesIn } from "./tool_uses";

/** A ticket that ended without a stored answer: stopped, or failed with a reason. */
export function Ended({ ticket, question }: { ticket: TicketView; question: ThreadMessage | null }) {
  return (
    <div className="space-y-4">
      <ToolCalls uses={usesIn(ticket)} />
      {ticket.text && <AnswerText text={ticket.text} />}
      {ticket.phase === "cancelled" ? (
        <Notice action="Ask again" onAction={() => retry(question)}>
          {ticket.text || ticket.toolCalls.length > 0 ? "Stopped." : "Withdrawn before an answer."}
        </Notice>
      ) : (
        <Notice tone="bad" action="Try again" onAction={() => retry(question)}>
          {ticket.error?.message ?? "Something went wrong."}
        </Notice>
      )}
    </div>
  );
}
