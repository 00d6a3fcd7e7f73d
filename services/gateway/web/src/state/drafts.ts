import { create } from "zustand";
import { session } from "./client";
import { read, write } from "./storage";

const keyOf = (thread: string) => `tokenline.draft.${session.email}.${thread}`;

interface Drafts {
  /** By thread, so that a change of one wakes nobody else. */
  texts: Record<string, string>;
}

const useDrafts = create<Drafts>(() => ({ texts: {} }));

/** Text begun but not sent; it survives a reload. */
export function useDraft(thread: string): string {
  return useDrafts(({ texts }) => texts[thread]) ?? read<string>(keyOf(thread), "");
}

/** Out of sight only: what is stored is found again by its own account. */
export function forgetDrafts(): void {
  useDrafts.setState({ texts: {} });
}

/** Puts a text back before what has been begun since. */
export function addToDraft(thread: string, text: string): void {
  const begun = useDrafts.getState().texts[thread] ?? read<string>(keyOf(thread), "");
  setDraft(thread, begun ? `${text}\n\n${begun}` : text);
}

export function setDraft(thread: string, text: string): void {
  write(keyOf(thread), text || null);
  useDrafts.setState(({ texts }) => ({ texts: { ...texts, [thread]: text } }));
}
