import type { Attachment } from "@tokenline/client";
import { bytes, clock, cx, useNow } from "@tokenline/client/ui";
import type { MouseEvent } from "react";
import { Check, CircleAlert, FileText, Globe, ImageIcon, X } from "lucide-react";
import { advised } from "../files/remedies";
import { useThumbnail } from "../files/useThumbnail";
import { secondsUntil } from "../state/pause";
import { useAttachmentWatch } from "../state/queries";

interface Props {
  name: string;
  size: number;
  /** 0 to 1 while it is sent. */
  sent?: number;
  attachment: Attachment | null;
  error?: string | null;
  /** A limit is used up: it is sent then (ms). */
  waitsUntil?: number;
  /** The connection is broken. */
  offline?: boolean;
  /** It is a page of the web. */
  url?: string | null;
  onRemove?: (event: MouseEvent<HTMLElement>) => void;
  /** What a click on it does. */
  onOpen?: () => void;
}

const READING = new Set(["uploading", "queued", "extracting", "embedding"]);
/** What a stage does, for people. */
const STAGES: Record<string, string> = { extracting: "reading", embedding: "indexing" };
/** Where a stage begins: what it tells of its progress leads on from there. */
const STAGE_SHARE: Record<string, number> = { uploading: 0, queued: 0.05, extracting: 0.1, embedding: 0.5 };

/** A file with the stage it has reached, by name and as a bar. */
export function FileChip({
  name,
  size,
  sent = 1,
  attachment,
  error,
  waitsUntil,
  offline,
  url,
  onRemove,
  onOpen,
}: Props) {
  const page = url ?? attachment?.url ?? null;
  const reading = attachment !== null && READING.has(attachment.state);
  useAttachmentWatch(attachment?.id ?? null, reading);
  const failed = error ?? failureOf(attachment);
  const waits = secondsUntil(waitsUntil ?? 0, useNow(1000, waitsUntil !== undefined));
  const sending = page ? fetchingOf(waits) : waits ? `uploads in ${clock(waits)}` : sendingOf(sent, offline === true);
  const stage = failed ? reasonOf(failed, name) : attachment ? stageOf(attachment) : sending;
  const share = attachment ? shareOf(attachment) : sent;
  const thumbnail = useThumbnail(attachment);
  const Icon = attachment?.mime_type.startsWith("image/") ? ImageIcon : page ? Globe : FileText;

  return (
    <div
      className={cx(
        "relative flex min-h-12 max-w-full items-center gap-2.5 overflow-hidden rounded-xl border bg-raised pr-3 pl-2.5",
        failed ? "w-fit border-bad/40 py-1.5 sm:max-w-96" : "w-fit border-line sm:max-w-72",
      )}
    >
      {thumbnail ? (
        <img src={thumbnail} alt="" className="-ml-1 size-9 shrink-0 rounded-lg bg-sunken object-cover" />
      ) : (
        <Icon className={cx("size-5 shrink-0", failed ? "text-bad" : "text-accent")} aria-hidden />
      )}
      <div className="min-w-0 flex-1 text-left leading-tight">
        <p dir="auto" className="truncate text-left text-[13px] font-medium" title={page ? `${name}\n${page}` : name}>
          {onOpen ? (
            <button
              type="button"
              aria-label={`Download ${name}`}
              onClick={onOpen}
              className="block max-w-full truncate text-left after:absolute after:inset-0 hover:underline"
            >
              {name}
            </button>
          ) : (
            name
          )}
        </p>
        <p
          // What went wrong is read to its end, also where nothing can hover.
          className={cx("text-xs", failed ? "wrap-anywhere text-bad" : "truncate text-ink-faint")}
          title={attachment?.warning ?? undefined}
        >
          <Stage state={failed ? "failed" : (attachment?.state ?? "uploading")} /> {stage}
          {size > 0 && !failed && ` · ${bytes(size)}`}
        </p>
      </div>
      {onRemove && (
        <button
          type="button"
          aria-label={`Remove ${name}`}
          onClick={onRemove}
          className="-mr-1 grid size-6 shrink-0 place-items-center rounded-full text-ink-faint hover:bg-sunken hover:text-ink"
        >
          <X className="size-3.5" aria-hidden />
        </button>
      )}
      {!failed && !offline && (reading || !attachment) && (
        <span
          aria-hidden="true"
          className="absolute bottom-0 left-0 h-0.5 bg-accent transition-[width] duration-300"
          style={{ width: `${share * 100}%` }}
        />
      )}
    </div>
  );
}

/** Why a file could not be read, and what to do about it; `null`: it was not tried yet, or it was read. */
export function failureOf(attachment: Attachment | null): string | null {
  if (attachment?.state !== "failed") return null;
  return attachment.error ? advised(attachment.error) : "could not be read. Attach it again.";
}

/** How much is done, 0 to 1; it never goes back. */
export function shareOf({ state, progress }: Attachment): number {
  return Math.max(STAGE_SHARE[state] ?? 1, progress?.share ?? 0);
}

/** Errors begin with the name, which stands beside them already; the server may have shortened it. */
export function reasonOf(error: string, name: string): string {
  const named = `“${name}” `;
  return error.startsWith(named) ? error.slice(named.length) : error.replace(/^“[^”]*” /, "");
}

/** Without the network nobody knows how much of what was sent has arrived. */
export function sendingOf(sent: number, offline: boolean): string {
  return offline ? "waiting for the network" : `uploading ${Math.floor(sent * 100)} %`;
}

/** What is done about a page that is not a file yet. */
export function fetchingOf(waits: number): string {
  return waits ? `fetched in ${clock(waits)}` : "fetching";
}

/** `reading, page 120 of 300`; what was left out of a file that was read. */
export function stageOf({ state, progress, warning, url }: Attachment): string {
  if (state === "uploading" && url) return fetchingOf(0);
  if (state === "indexed" && warning) return `indexed; ${warning.charAt(0).toLowerCase()}${warning.slice(1, -1)}`;
  const stage = STAGES[state] ?? state;
  return progress && progress.of > 1 ? `${stage}, page ${progress.done} of ${progress.of}` : stage;
}

function Stage({ state }: { state: string }) {
  if (state === "indexed") return <Check className="mr-0.5 inline size-3 -translate-y-px text-accent" aria-hidden />;
  if (state === "failed") return <CircleAlert className="mr-0.5 inline size-3 -translate-y-px" aria-hidden />;
  return null;
}
