import { ApiError, type Attachment } from "@tokenline/client";
import { api, session } from "./client";

/** A file of a question that was begun: an attachment already, or one that was still being sent. */
export interface Kept {
  id: string | null;
  name: string;
  size: number;
}

const keyOf = (thread: string) => `tokenline.files.${session.email}.${thread}`;

/** Of this tab only: in another one a file that was sent here would still look unsent. */
export function keepFiles(thread: string, files: Kept[]): void {
  try {
    if (files.length > 0) sessionStorage.setItem(keyOf(thread), JSON.stringify(files));
    else sessionStorage.removeItem(keyOf(thread));
  } catch {
    // Full or forbidden: they are lost with a reload, and nothing else.
    return;
  }
}

export function keptFiles(thread: string): Kept[] {
  try {
    return JSON.parse(sessionStorage.getItem(keyOf(thread)) ?? "[]") as Kept[];
  } catch {
    return [];
  }
}

/** As it is by now, unless it was sent, or is gone. Throws where that cannot be told. */
export async function found(id: string): Promise<Attachment | "sent" | "gone"> {
  try {
    const attachment = await api.attachment(id);
    return attachment.conversation_id ? "sent" : attachment;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return "gone";
    throw error;
  }
}
