import type { TicketView } from "@tokenline/client";
import { Announcer } from "../waiting/Announcer";
import { AnswerText } from "./AnswerText";
import { ToolCalls } from "./ToolCalls";

/** An answer while it is being written. */
export function LiveAnswer({ ticket }: { ticket: TicketView }) {
  return (
    <div>
      <Announcer text="Your answer is being written." />
      {ticket.attempt > 1 && (
        <p className="mb-3 text-[13px] text-ink-faint">Interrupted and begun again (attempt {ticket.attempt})</p>
      )}
      <ToolCalls calls={ticket.toolCalls} />
      <AnswerText text={ticket.text} streaming />
    </div>
  );
}
