import type { Conversation, ServerFrame, SharedMessage } from "../src/generated/frames";

export const T = "0197-ticket";
export const C = "0197-conversation";

export function message(part: Partial<SharedMessage>): SharedMessage {
  return {
    id: "m1",
    conversation_id: C,
    owner_id: "u1",
    role: "user",
    content: "Hello?",
    status: "sent",
    seq: 1,
    parent_id: null,
    depth: 0,
    ticket_id: T,
    client_message_id: null,
    attachment_ids: [],
    citations: [],
    unread: [],
    tool_calls: [],
    finish_reason: null,
    usage: null,
    feedback: null,
    created_at: 1000,
    ...part,
  };
}

export function conversation(part: Partial<Conversation>): Conversation {
  return {
    id: C,
    owner_id: "u1",
    agent_id: "a",
    title: "x",
    title_from: "question",
    archived: false,
    follow_up: "queue",
    temporary: false,
    leaf_id: null,
    answer_seq: 0,
    read_seq: 0,
    created_at: 1,
    updated_at: 1,
    ...part,
  };
}

export const QUESTION = message({ client_message_id: "q1" });
export const ANSWER = message({ id: "m2", role: "assistant", content: "", status: "complete", seq: 2, parent_id: "m1" });

export const accepted: ServerFrame = {
  type: "accepted",
  ticket_id: T,
  conversation_id: C,
  client_message_id: "q1",
  message: QUESTION,
  answer_id: "m2",
};

export function queued(position: number): ServerFrame {
  return { type: "queued", ticket_id: T, position, eta: { soonest_s: 2, likely_s: 4, worst_s: 9 }, note: null };
}

export function delta(offset: number, text: string, attempt = 1): ServerFrame {
  return { type: "delta", ticket_id: T, attempt, offset, text };
}

export function complete(length: number, content = "", attempt = 1): ServerFrame {
  return { type: "complete", ticket_id: T, attempt, length, message: { ...ANSWER, content } };
}

/** One question from acceptance to answer, as a gateway sends it; the text has characters outside the BMP. */
export const RECORDED: ServerFrame[] = [
  accepted,
  queued(2),
  { type: "position", ticket_id: T, position: 1, eta: null, note: null },
  { type: "position", ticket_id: T, position: 0, eta: null, note: null },
  { type: "processing", ticket_id: T, attempt: 1 },
  delta(0, "Hi 👋"),
  delta(4, " and 🎉"),
  delta(10, "!"),
  complete(11),
];
