import type { SharedMessage } from "@tokenline/client";
import { CircleAlert } from "lucide-react";
import { reasonOf } from "../composer/FileChip";

/** Files that an answer could not rest on, whatever it says itself. */
export function Unread({ files }: { files: SharedMessage["unread"] }) {
  if (files.length === 0) return null;
  return (
    <ul aria-label="Files that could not be read" className="mt-3 space-y-1 text-[13px] text-bad">
      {files.map(({ name, reason }, index) => (
        <li key={index} className="flex gap-1.5">
          <CircleAlert className="mt-[3px] size-3.5 shrink-0" aria-hidden />
          <span className="min-w-0 wrap-anywhere">
            Not read: <bdi className="font-medium">{name}</bdi> {reasonOf(reason, name)}
          </span>
        </li>
      ))}
    </ul>
  );
}
