import { afterCodePoints, codePointLength } from "../codepoints";
import type {
  Complete,
  DeltaFrame,
  Edited,
  ErrorFrame,
  Held,
  Position,
  Processing,
  Queued,
  Restarted,
  ServerFrame,
  Snapshot,
  ToolCallFrame,
} from "../generated/frames";
import { LIVE_PHASES, type TicketView } from "./types";

/** `edited` is about the question, not about its way. */
export type TicketFrame = Exclude<Extract<ServerFrame, { ticket_id: string }>, Edited> | ErrorFrame;

/** What a frame makes of a ticket. A repeated, late or older frame changes nothing. `at`: when it came, in ms. */
export function ticketAfter(ticket: TicketView, frame: TicketFrame, at: number): TicketView {
  if (!LIVE_PHASES.has(ticket.phase)) return ticket;
  switch (frame.type) {
    case "accepted":
      return { ...ticket, conversationId: frame.conversation_id, questionId: frame.message.id };
    case "held":
      return held(ticket, frame);
    case "queued":
    case "position":
      return placed(ticket, frame, at);
    case "processing":
      return processing(ticket, frame);
    case "delta":
      return grown(ticket, frame);
    case "tool_call":
      return toolCalled(ticket, frame);
    case "restarted":
      return restarted(ticket, frame);
    case "snapshot":
      return replaced(ticket, frame);
    case "complete":
      return completed(ticket, frame);
    case "cancelled":
      return { ...ticket, phase: "cancelled", stopping: false, eta: null };
    case "error":
      return { ...ticket, phase: "error", error: frame.error, retry: frame.retry, stopping: false, eta: null };
  }
}

function held(ticket: TicketView, frame: Held): TicketView {
  return {
    ...ticket,
    phase: "held",
    reason: frame.reason,
    position: frame.position,
    from: Math.max(ticket.from, frame.position),
    eta: null,
    note: null,
  };
}

function placed(ticket: TicketView, frame: Queued | Position, at: number): TicketView {
  return {
    ...ticket,
    phase: "queued",
    reason: null,
    position: frame.position,
    from: Math.max(ticket.from, frame.position),
    eta: frame.eta,
    etaAt: at,
    note: frame.note,
  };
}

function processing(ticket: TicketView, frame: Processing): TicketView {
  if (frame.attempt < ticket.attempt) return ticket;
  const own = frame.attempt > ticket.attempt ? restart(ticket, frame.attempt) : ticket;
  return { ...own, phase: own.length > 0 ? "streaming" : "processing", ...UNQUEUED };
}

function grown(ticket: TicketView, frame: DeltaFrame): TicketView {
  if (frame.attempt < ticket.attempt) return ticket;
  const own = frame.attempt > ticket.attempt ? restart(ticket, frame.attempt) : ticket;
  if (frame.offset > own.length) return { ...own, gap: true };
  const fresh = frame.offset === own.length ? frame.text : afterCodePoints(frame.text, own.length - frame.offset);
  if (!fresh) return own;
  return {
    ...own,
    phase: "streaming",
    ...UNQUEUED,
    text: own.text + fresh,
    length: own.length + codePointLength(fresh),
    gap: false,
  };
}

function toolCalled(ticket: TicketView, frame: ToolCallFrame): TicketView {
  if (frame.attempt < ticket.attempt) return ticket;
  const own = frame.attempt > ticket.attempt ? restart(ticket, frame.attempt) : ticket;
  const { call_id, name, status, detail } = frame;
  const known = own.toolCalls.findIndex((call) => call.call_id === call_id);
  // Told again, from the beginning, to whoever comes back.
  if (status === "started" && known >= 0) return own;
  const call = { call_id, name, status, detail };
  return { ...own, toolCalls: known < 0 ? [...own.toolCalls, call] : own.toolCalls.with(known, call) };
}

function restarted(ticket: TicketView, frame: Restarted): TicketView {
  if (frame.attempt <= ticket.attempt) return ticket;
  return { ...restart(ticket, frame.attempt), phase: "processing", ...UNQUEUED };
}

function replaced(ticket: TicketView, frame: Snapshot): TicketView {
  if (frame.attempt < ticket.attempt) return ticket;
  const own = frame.attempt > ticket.attempt ? restart(ticket, frame.attempt) : ticket;
  return {
    ...own,
    phase: frame.text ? "streaming" : "processing",
    ...UNQUEUED,
    attempt: frame.attempt,
    text: frame.text,
    length: codePointLength(frame.text),
    gap: false,
  };
}

/** The answer's text is in the frame, or here already; when neither has all of it, `gap` stays to say so. */
function completed(ticket: TicketView, frame: Complete): TicketView {
  if (frame.attempt < ticket.attempt) return ticket;
  const here = frame.attempt === ticket.attempt && ticket.length === frame.length;
  const text = frame.message.content || (here ? ticket.text : "");
  return {
    ...ticket,
    phase: "complete",
    attempt: frame.attempt,
    text,
    length: codePointLength(text),
    stopping: false,
    eta: null,
    gap: codePointLength(text) !== frame.length,
  };
}

const UNQUEUED = { position: null, eta: null, note: null, reason: null } as const;

function restart(ticket: TicketView, attempt: number): TicketView {
  return { ...ticket, attempt, text: "", length: 0, toolCalls: [], gap: false };
}
