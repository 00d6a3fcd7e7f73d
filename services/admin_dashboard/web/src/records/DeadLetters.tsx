import { plural } from "@tokenline/client/ui";
import { useDeadLetters } from "../state/records";
import { DeadLetterRow } from "./DeadLetterRow";
import { Earlier } from "./Earlier";
import { Reading } from "./Reading";
import { RetryAll } from "./RetryAll";

/** Tickets that were given up, until somebody has them asked again or lets them go. */
export function DeadLetters() {
  const letters = useDeadLetters();
  if (!letters.data) return <Reading error={letters.error} onRetry={() => void letters.refetch()} />;
  const items = letters.data.pages.flatMap((page) => page.items);
  const inQueue = letters.data.pages[0]?.in_queue ?? null;
  return (
    <div>
      <div className="flex min-h-13 flex-wrap items-center gap-3 px-5 py-2 text-[13px] text-ink-faint">
        <p className="min-w-0 flex-1">
          {items.length === 0 ? "No ticket was given up." : "Their users were told and can ask again themselves, too."}
          {inQueue !== null && inQueue > items.length && ` RabbitMQ keeps ${plural(inQueue, "notice")}.`}
        </p>
        {items.length > 0 && <RetryAll />}
      </div>
      {items.length > 0 && (
        <ul aria-label="Dead letters" className="max-h-[480px] overflow-y-auto">
          {items.map((letter) => (
            <DeadLetterRow key={letter.ticket_id} letter={letter} />
          ))}
        </ul>
      )}
      <Earlier query={letters} />
    </div>
  );
}
