import { clock } from "@tokenline/client/ui";
import { Hourglass } from "lucide-react";

/** A limit is used up: why, and when it works again. What was written stays, and Send comes back by itself. */
export function PauseNotice({ what, seconds }: { what: string; seconds: number }) {
  return (
    <div className="mx-3 mt-3 flex animate-rise items-center gap-2.5 rounded-xl bg-warn-soft px-3 py-2 text-[13px] text-warn">
      <Hourglass className="size-4 shrink-0" aria-hidden />
      {/* Read out once, not every second. */}
      <p role="status" className="sr-only">
        {what} Your text is kept.
      </p>
      <p className="min-w-0 flex-1" aria-hidden>
        {what} You can send again in <span className="font-medium tabular-nums">{clock(seconds)}</span>. Your text is kept.
      </p>
    </div>
  );
}
