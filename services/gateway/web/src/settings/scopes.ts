import type { Scope } from "@tokenline/client";

/** What a key may do, in the words of the page. */
export const SCOPES: { scope: Scope; name: string; about: string }[] = [
  { scope: "read", name: "Read", about: "Look at conversations, files and lines." },
  { scope: "chat", name: "Chat", about: "Read, ask, stop, attach, change and delete." },
  { scope: "admin", name: "Administer", about: "What you may do as an administrator." },
];
