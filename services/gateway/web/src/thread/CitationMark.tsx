import { type ComponentProps, Fragment, use } from "react";
import type { ExtraProps } from "streamdown";
import { Citations } from "./citations";
import { PassageDialog } from "./PassageDialog";
import { placeOf } from "./place";
import { says } from "./quoted";

interface Mark extends ComponentProps<"cite">, ExtraProps {
  "data-numbers"?: string;
  "data-before"?: string;
  "data-within"?: string;
}

/** `[1]` in an answer: a chip that opens its passage. Numbers that nobody gave stay the text that they are. */
export function CitationMark(props: Mark) {
  const citations = use(Citations);
  const numbers = (props["data-numbers"] ?? "").split(",").map(Number);
  const within = props["data-within"];
  const known = numbers.map((number) => citations.find((one) => one.number === number));
  // What a quotation from a file has in brackets is the file's own.
  if (!known.some(Boolean) || (within && citations.some((one) => says(one.passage, within)))) return <>{props.children}</>;
  return known.map((citation, index) =>
    citation ? (
      <PassageDialog key={index} citation={citation} said={[props["data-before"] ?? ""]}>
        <button
          type="button"
          aria-label={`Source ${citation.number}: ${[citation.name, placeOf(citation)].filter(Boolean).join(", ")}`}
          className="mx-0.5 inline-grid h-[18px] min-w-[18px] -translate-y-0.5 place-items-center rounded-md bg-accent-soft px-1 align-middle text-[11px] leading-none font-semibold text-accent no-underline tabular-nums transition-colors hover:bg-accent hover:text-on-accent"
        >
          {citation.number}
        </button>
      </PassageDialog>
    ) : (
      <Fragment key={index}>[{numbers[index]}]</Fragment>
    ),
  );
}
