import { AccountApi, Api, ChatClient, Http, type Outgoing, Session } from "@tokenline/client";
import { read, write } from "./storage";

export const session = new Session();
const http = new Http(session);
export const api = new Api(http);
export const account = new AccountApi(http);

let placed: (conversationId: string) => void = () => undefined;

/** Calls back when the conversation of a first question exists. */
export function onPlaced(listener: (conversationId: string) => void): void {
  placed = listener;
}

/** One chat per signed-in user; unsent questions are kept per user too. */
export function openChat(): ChatClient {
  const key = `tokenline.outbox.${session.email}`;
  return new ChatClient({
    credentials: session,
    api,
    outbox: { load: () => read<Outgoing[]>(key, []), save: (entries) => write(key, entries.length ? entries : null) },
    onPlaced: (conversationId) => placed(conversationId),
  });
}
