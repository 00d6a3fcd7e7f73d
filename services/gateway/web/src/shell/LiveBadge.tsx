import { liveTickets } from "@tokenline/client";
import type { ReactNode } from "react";
import { useChat } from "../state/chat";

interface Props {
  conversationId: string;
  /** What is shown when nothing goes on. */
  otherwise: ReactNode;
}

/** What goes on in a conversation that is not on the screen: a place in line, or an answer being written. */
export function LiveBadge({ conversationId, otherwise }: Props) {
  const sign = useChat(({ state }) => {
    const live = liveTickets(state, conversationId);
    if (live.length === 0) return null;
    if (live.some(({ phase }) => phase === "streaming" || phase === "processing")) return "answering";
    const places = live.flatMap(({ phase, position }) => (phase === "queued" && position !== null ? [position] : []));
    return places.length ? `#${Math.min(...places)}` : "waiting";
  });
  if (sign === null) return otherwise;
  if (sign.startsWith("#")) {
    return (
      <span
        title={`${sign.slice(1)} ahead of you`}
        className="ml-auto rounded-full bg-accent-soft px-1.5 text-[11px] leading-[18px] font-semibold text-accent tabular-nums"
      >
        {sign.slice(1)}
      </span>
    );
  }
  const label = sign === "answering" ? "Answering" : "Waiting";
  return (
    <span role="img" aria-label={label} title={label} className="ml-auto size-2 shrink-0 animate-breathe rounded-full bg-accent" />
  );
}
