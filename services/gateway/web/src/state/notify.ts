import { create } from "zustand";
import { session } from "./client";
import { read, write } from "./storage";

interface Wish {
  /** To be told of answers by the browser. */
  wanted: boolean;
  /** Why that cannot be, after it was asked for. */
  problem: string | null;
}

const INSECURE = "Browsers notify from https pages only.";
const BLOCKED = "Notifications from this site are blocked. Allow them in your browser’s settings.";
const IMPOSSIBLE = "This browser cannot notify from a page. The tab’s title tells you instead.";

export const useNotify = create<Wish>(() => ({ wanted: false, problem: null }));

/** Whether there is anything to offer. */
export function canNotify(): boolean {
  return "Notification" in window;
}

/** The account's choice of last time, if the browser still goes along with it. */
export function recallNotify(): void {
  useNotify.setState({ wanted: canNotify() && allowed() && read(key(), false), problem: null });
}

/** To be called on a click: before one, no browser may be asked. */
export async function setNotify(wanted: boolean): Promise<void> {
  if (wanted) await Notification.requestPermission();
  useNotify.setState({ wanted: wanted && allowed(), problem: wanted ? obstacle() : null });
  write(key(), useNotify.getState().wanted || null);
}

/** `tag`: one notification for all tabs. Nothing happens unless it is wanted. */
export function notify(title: string, body: string, tag: string, onClick: () => void): void {
  if (!useNotify.getState().wanted || !allowed()) return;
  try {
    const notification = new Notification(title, { body, tag, icon: "/favicon.svg" });
    notification.onclick = () => {
      notification.close();
      onClick();
    };
  } catch {
    // Chrome on Android has the class, but lets only service workers use it.
    useNotify.setState({ wanted: false, problem: IMPOSSIBLE });
  }
}

function allowed(): boolean {
  return Notification.permission === "granted";
}

/** Whoever closed the browser's question without an answer can be asked again, so nothing is in the way. */
function obstacle(): string | null {
  if (!window.isSecureContext) return INSECURE;
  return Notification.permission === "denied" ? BLOCKED : null;
}

function key(): string {
  return `tokenline.notify.${session.email}`;
}
