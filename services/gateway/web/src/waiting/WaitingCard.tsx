import { type Attachment, countInLine, type TicketView } from "@tokenline/client";
import { clock, cx, etaText, useNow } from "@tokenline/client/ui";
import { Clock3 } from "lucide-react";
import { useChat } from "../state/chat";
import { Announcer } from "./Announcer";
import { explain, spoken } from "./explain";
import { LineTrack } from "./LineTrack";
import { NotifyProblem, NotifySwitch } from "./NotifySwitch";
import { PositionNumber } from "./PositionNumber";
import { Verbs } from "./Verbs";

interface Props {
  ticket: TicketView;
  /** The question as it stands. */
  content: string;
  files: Attachment[];
  /** Seconds since 1970. */
  askedAt: number;
}

/** The face of the product: where you are in line, how long it may take, and why. */
export function WaitingCard({ ticket, content, files, askedAt }: Props) {
  const now = useNow(1000);
  const inLine = useChat(({ state }) => countInLine(state));
  const explanation = explain(ticket, { files, inLine });
  const { number, headline, detail, tone } = explanation;
  const eta = ticket.phase === "queued" ? etaText(ticket.eta, ticket.etaAt ? (now - ticket.etaAt) / 1000 : 0) : null;
  const moving = ticket.phase === "queued" && !ticket.stopping;
  // Held behind one's own messages: nothing of this one moves.
  const resting = ticket.phase === "held" && RESTING.has(ticket.reason ?? "");

  return (
    <section
      aria-label="Your place in line"
      className="animate-rise overflow-hidden rounded-2xl border border-line bg-raised shadow-soft"
    >
      <div className="flex items-end justify-between gap-4 px-5 pt-5">
        <div className="min-w-0">
          {number === null ? (
            <p
              className={cx(
                "text-[22px] leading-tight font-semibold tracking-tight wrap-anywhere",
                !moving && !resting && "animate-breathe",
              )}
            >
              {headline}
            </p>
          ) : (
            <p className="flex items-baseline gap-3">
              <PositionNumber value={number} />
              <span className="text-lg font-medium text-ink-soft">{headline}</span>
            </p>
          )}
        </div>
        {eta && (
          <p className="shrink-0 text-right leading-tight">
            <span className="block text-xs text-ink-faint">{eta === "any moment" ? "Your turn" : "Your turn in"}</span>
            <span className="text-lg font-semibold tracking-tight text-accent tabular-nums">{eta}</span>
          </p>
        )}
      </div>
      {!resting && (
        <div className="px-5 pt-4">
          {moving ? <LineTrack position={ticket.position ?? 0} from={ticket.from} /> : <Shimmer />}
        </div>
      )}
      <div className="mt-4 flex min-h-11 flex-wrap items-center gap-x-3 border-t border-line bg-panel/60 px-5 py-1.5 text-[13px]">
        <span className="flex items-center gap-1.5 text-ink-faint tabular-nums">
          <Clock3 className="size-3.5" aria-hidden />
          {clock(now / 1000 - askedAt)}
        </span>
        <span
          className={cx(
            "order-last basis-full pb-1 empty:hidden sm:order-none sm:min-w-0 sm:flex-1 sm:basis-0 sm:pb-0",
            tone === "warn" ? "font-medium text-warn" : "text-ink-soft",
          )}
        >
          {detail}
        </span>
        <span className="-mr-2 ml-auto flex">
          <NotifySwitch />
          <Verbs ticket={ticket} content={content} />
        </span>
      </div>
      <NotifyProblem />
      <Announcer text={spoken(explanation, eta)} />
    </section>
  );
}

const RESTING = new Set(["earlier_message", "user_limit"]);

function Shimmer() {
  return (
    <div className="flex h-8 items-center" aria-hidden="true">
      <div className="relative h-1.5 w-full overflow-hidden rounded-full bg-sunken">
        <div className="shimmer absolute inset-y-0 w-1/3 rounded-full bg-accent" />
      </div>
    </div>
  );
}
