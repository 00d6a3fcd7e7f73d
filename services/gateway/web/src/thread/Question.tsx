import type { Attachment } from "@tokenline/client";
import type { ReactNode } from "react";
import { SentFile } from "../files/SentFile";

interface Props {
  content: string;
  files: Attachment[];
  /** An editor under the text, or in its place. */
  children?: ReactNode;
}

/** What the user said, as it was written: plain text. */
export function Question({ content, files, children }: Props) {
  return (
    <div className="group/question flex flex-col items-end gap-2 pl-[12%]">
      <span className="sr-only">You said:</span>
      {files.length > 0 && (
        <ul className="flex max-w-full flex-wrap items-end justify-end gap-2">
          {files.map((file) => (
            <li key={file.id} className="max-w-full min-w-0">
              <SentFile file={file} />
            </li>
          ))}
        </ul>
      )}
      {content && (
        <p className="max-w-full rounded-[20px] rounded-br-md bg-sunken px-4 py-2.5 wrap-anywhere whitespace-pre-wrap">
          {content}
        </p>
      )}
      {children}
    </div>
  );
}
