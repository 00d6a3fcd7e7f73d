import { type ComponentProps, use } from "react";
import type { ExtraProps } from "streamdown";
import { Citations } from "./citations";
import { PassageDialog } from "./PassageDialog";

/** `[1]` in an answer: a chip that opens its passage, or plain text when there is none (yet). */
export function CitationMark(props: ComponentProps<"cite"> & ExtraProps & { "data-number"?: string }) {
  const number = Number(props["data-number"]);
  const citation = use(Citations).find((item) => item.number === number);
  if (!citation) return <>[{number}]</>;
  return (
    <PassageDialog citation={citation}>
      <button
        type="button"
        aria-label={`Source ${number}: ${citation.name}${citation.page ? `, page ${citation.page}` : ""}`}
        className="mx-0.5 inline-grid h-[18px] min-w-[18px] -translate-y-0.5 place-items-center rounded-md bg-accent-soft px-1 align-middle text-[11px] leading-none font-semibold text-accent no-underline tabular-nums transition-colors hover:bg-accent hover:text-on-accent"
      >
        {number}
      </button>
    </PassageDialog>
  );
}
