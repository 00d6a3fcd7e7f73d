import { ApiError, type Attachment, type Upload, upload } from "@tokenline/client";
import { create } from "zustand";
import { adviceOf } from "../files/remedies";
import { chat } from "./chat";
import { api, session } from "./client";
import { found, keepFiles, keptFiles } from "./kept_files";
import { waitOf } from "./pause";

/** A file in the composer: on its way, or already an attachment. */
export interface Chosen {
  key: number;
  name: string;
  size: number;
  /** 0 to 1. */
  sent: number;
  attachment: Attachment | null;
  error: string | null;
  /** Of a page of the web. */
  url?: string;
  /** A limit is used up: it goes out by itself then (ms). */
  waitsUntil?: number;
  /** The connection broke; it goes on by itself when it is back. */
  offline?: boolean;
}

interface Uploads {
  byThread: Record<string, Chosen[]>;
}

export const useUploads = create<Uploads>(() => ({ byThread: {} }));

const NONE: Chosen[] = [];
const underWay = new Map<number, Pick<Upload, "abort">>();
let lastKey = 0;

export function useChosen(thread: string): Chosen[] {
  return useUploads(({ byThread }) => byThread[thread]) ?? NONE;
}

/** Uploading begins with the choice, not with sending. */
export function choose(thread: string, files: Iterable<File>): void {
  for (const file of files) {
    start(thread, { name: file.name, size: file.size }, (edit) =>
      upload(session, file, (sent) => edit({ sent, waitsUntil: undefined }), {
        onWaiting: (offline) => edit({ offline }),
        patienceMs: Infinity,
      }),
    );
  }
}

/** A page of the web, which the gateway fetches. */
export function addLink(thread: string, url: string): void {
  start(thread, { name: url.replace(/^https?:\/\//, "").replace(/[?#].*|\/$/g, ""), size: 0, url }, (edit) => {
    edit({ waitsUntil: undefined });
    return asked(url);
  });
}

export function remove(thread: string, chosen: Chosen): void {
  underWay.get(chosen.key)?.abort();
  change(thread, (list) => list.filter((item) => item.key !== chosen.key));
  // A file that is gone already needs no second deletion; anything else is cleaned up with the account.
  if (chosen.attachment) void api.deleteAttachment(chosen.attachment.id).catch(() => undefined);
}

/** Puts files back that are attachments already; of those that are gone it says so. */
export function restore(thread: string, attachments: Attachment[], gone: Set<string> = new Set()): void {
  const chosen = attachments.map((attachment): Chosen => {
    const { id, name, size_bytes: size } = attachment;
    const there = !gone.has(id);
    return { key: ++lastKey, name, size, sent: 1, attachment: there ? attachment : null, error: there ? null : GONE };
  });
  change(thread, (list) => [...chosen, ...list]);
}

/** Puts back what a reload took away: files that have arrived, and the names of those that had not. */
export async function recall(thread: string): Promise<void> {
  if (useUploads.getState().byThread[thread]) return;
  const kept = keptFiles(thread);
  change(thread, () => []);
  if (kept.length === 0) return;
  keepFiles(thread, kept);
  const { email } = session;
  const there = await Promise.all(kept.map(({ id }) => (id ? found(id).catch(() => undefined) : null)));
  if (session.email !== email) return;
  const again = kept.flatMap(({ name, size }, index): Chosen[] => {
    const answer = there[index] ?? null;
    if (answer === "sent") return [];
    const attachment = answer === "gone" ? null : answer;
    const error = attachment ? null : answer === "gone" ? GONE : LOST;
    return [{ key: ++lastKey, name, size, sent: attachment ? 1 : 0, attachment, error }];
  });
  change(thread, (list) => [...again, ...list]);
}

const GONE = "is no longer there. Attach it again.";
const LOST = "was not attached before the page was loaded again. Choose it once more.";

/** Empties the composer of a thread after sending. */
export function clear(thread: string): void {
  change(thread, () => []);
}

export function forgetUploads(): void {
  for (const upload of underWay.values()) upload.abort();
  useUploads.setState({ byThread: {} });
}

/** Removed while it is asked for, it is known too late: it is deleted then. */
function asked(url: string): Pick<Upload, "done" | "abort"> {
  let removed = false;
  const done = api.addUrl(url).then((attachment) => {
    if (!removed) return attachment;
    void api.deleteAttachment(attachment.id).catch(() => undefined);
    throw new ApiError(0, { code: "aborted", message: "", detail: {} });
  });
  return { done, abort: () => (removed = true) };
}

type Edit = (part: Partial<Chosen>) => void;

function start(
  thread: string,
  what: Pick<Chosen, "name" | "size" | "url">,
  begin: (edit: Edit) => Pick<Upload, "done" | "abort">,
): void {
  const key = ++lastKey;
  const edit: Edit = (part) =>
    change(thread, (list) => list.map((item) => (item.key === key ? { ...item, ...part } : item)));
  change(thread, (list) => [...list, { key, ...what, sent: 0, attachment: null, error: null }]);
  const send = () => {
    const running = begin(edit);
    underWay.set(key, running);
    running.done
      .then((attachment) => {
        underWay.delete(key);
        chat().apply({ type: "local.attachment", attachment });
        edit({ sent: 1, attachment, offline: false });
      })
      .catch((error: unknown) => {
        underWay.delete(key);
        if (error instanceof ApiError && error.code === "rate_limited") wait(waitOf(error.detail) * 1000);
        else if (!(error instanceof ApiError && error.code === "aborted")) edit({ error: adviceOf(error) });
      });
  };
  const wait = (ms: number) => {
    const timer = setTimeout(send, ms);
    underWay.set(key, { abort: () => clearTimeout(timer) });
    edit({ sent: 0, waitsUntil: Date.now() + ms });
  };
  send();
}

function change(thread: string, edit: (list: Chosen[]) => Chosen[]): void {
  const list = edit(useUploads.getState().byThread[thread] ?? []);
  useUploads.setState(({ byThread }) => ({ byThread: { ...byThread, [thread]: list } }));
  const kept = list.filter(({ error }) => !error);
  keepFiles(thread, kept.map(({ attachment, name, size }) => ({ id: attachment?.id ?? null, name, size })));
}
