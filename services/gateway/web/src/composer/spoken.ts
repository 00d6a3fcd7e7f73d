import type { Attachment } from "@tokenline/client";
import type { Chosen } from "../state/uploads";
import { failureOf, reasonOf } from "./FileChip";

/** What a screen reader hears of a file in the composer: where it stands, without every percent. */
export function spokenOf({ name, url, error, offline }: Chosen, attachment: Attachment | null): string {
  const called = attachment?.name ?? name;
  const failed = error ?? failureOf(attachment);
  if (failed !== null) return `${called}: not attached. ${reasonOf(failed, called)}`;
  if (offline) return `${called}: waiting for the network.`;
  if (!attachment || attachment.state === "uploading") return `${called}: ${url ? "fetching" : "uploading"}.`;
  return `${called}: ${attachment.state === "indexed" ? "ready" : "reading"}.`;
}
