import { Http, Library } from "@tokenline/client";
import { session } from "./client";

export const library = new Library(new Http(session));

/** Has the browser save a file. */
export function save({ name, content }: { name: string; content: Blob }): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by then; the browser keeps what it needs of it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function linkOf(token: string): string {
  return `${window.location.origin}/s/${token}`;
}
