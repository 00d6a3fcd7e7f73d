import { type ChatClient, type ChatState, emptyState, type SocketState } from "@tokenline/client";
import { create } from "zustand";
import { openChat } from "./client";

interface Shown {
  state: ChatState;
  connection: SocketState;
}

export const useChat = create<Shown>(() => ({ state: emptyState(), connection: "connecting" }));

let current: ChatClient | null = null;

/** The client of the signed-in user. */
export function chat(): ChatClient {
  current ??= openChat();
  return current;
}

/** Connects, and shows what changes once per frame: many deltas between two frames are one render. */
export function startChat(): () => void {
  const client = chat();
  let pending = false;
  const show = () => {
    pending = false;
    useChat.setState({ state: client.state, connection: client.connection });
  };
  const unsubscribe = client.subscribe(() => {
    if (pending) return;
    pending = true;
    // Hidden pages get no animation frames, but titles and notifications must stay right.
    if (document.hidden) setTimeout(show, 250);
    else requestAnimationFrame(show);
  });
  client.open();
  show();
  return () => {
    unsubscribe();
    client.close();
    current = null;
    useChat.setState({ state: emptyState(), connection: "connecting" });
  };
}
