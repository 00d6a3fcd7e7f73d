import type { ClientFrame, ServerFrame } from "../src/generated/frames";

/** What one client said and heard at a real gateway, over all of its sockets: `make recordings`. */
export interface Recording {
  name: string;
  what: string;
  /** What the store says of each ticket in the end. */
  answers: Record<string, { state: "complete" | "cancelled" | "error"; attempt: number; text: string }>;
  steps: ({ heard: ServerFrame } | { said: ClientFrame } | { cut: true })[];
}

const FILES = import.meta.glob<Omit<Recording, "name">>("./recorded/*.json", { eager: true, import: "default" });

export const RECORDINGS: Recording[] = Object.entries(FILES).map(([path, told]) => ({
  ...told,
  name: path.replace("./recorded/", ""),
}));

export function heard(recording: Recording): ServerFrame[] {
  return recording.steps.flatMap((step) => ("heard" in step ? [step.heard] : []));
}

/** The frames of one ticket, in order. */
export function framesOf(recording: Recording, ticketId: string): ServerFrame[] {
  return heard(recording).filter((frame) => "ticket_id" in frame && frame.ticket_id === ticketId);
}

/** The same numbers every time, 0 to 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
