import { ApiError, messageOf } from "@tokenline/client";
import { create } from "zustand";
import { chat } from "./chat";
import { session } from "./client";
import { read, write } from "./storage";

/** Another text for a waiting question, not saved yet. */
export interface Edit {
  text: string;
  saving: boolean;
  /** Why it could not be saved. */
  problem: string | null;
  /** A worker was faster. */
  tooLate: boolean;
}

interface Edits {
  byTicket: Record<string, Edit>;
}

const useEdits = create<Edits>(() => ({ byTicket: {} }));
const FRESH = { saving: false, problem: null, tooLate: false };
const key = () => `tokenline.edits.${session.email}`;

export function useEdit(ticketId: string | null): Edit | null {
  return useEdits(({ byTicket }) => (ticketId && byTicket[ticketId]) || null);
}

/** Brings back what was being edited when the page was left. */
export function recallEdits(): void {
  const texts = Object.entries(read<Record<string, string>>(key(), {}));
  useEdits.setState({ byTicket: Object.fromEntries(texts.map(([id, text]) => [id, { text, ...FRESH }])) });
}

/** Out of sight only: what is stored is found again by its own account. */
export function forgetEdits(): void {
  useEdits.setState({ byTicket: {} });
}

export function beginEdit(ticketId: string, text: string): void {
  put(ticketId, { text, ...FRESH });
}

export function changeEdit(ticketId: string, text: string): void {
  patch(ticketId, { text });
}

export function leaveEdit(ticketId: string): void {
  put(ticketId, null);
}

/** Closes the edit when it is stored; otherwise it stays, with the reason. */
export async function saveEdit(ticketId: string): Promise<void> {
  const edit = useEdits.getState().byTicket[ticketId];
  if (!edit || edit.saving) return;
  patch(ticketId, { saving: true, problem: null });
  try {
    await chat().edit(ticketId, edit.text.trim());
    leaveEdit(ticketId);
  } catch (error) {
    const tooLate = error instanceof ApiError && error.code === "too_late";
    patch(ticketId, { saving: false, tooLate, problem: tooLate ? null : messageOf(error) });
  }
}

function patch(ticketId: string, part: Partial<Edit>): void {
  const edit = useEdits.getState().byTicket[ticketId];
  if (edit) put(ticketId, { ...edit, ...part });
}

function put(ticketId: string, edit: Edit | null): void {
  const { [ticketId]: _former, ...others } = useEdits.getState().byTicket;
  const byTicket = edit ? { ...others, [ticketId]: edit } : others;
  useEdits.setState({ byTicket });
  const texts = Object.entries(byTicket).map(([id, { text }]) => [id, text]);
  write(key(), texts.length ? Object.fromEntries(texts) : null);
}
