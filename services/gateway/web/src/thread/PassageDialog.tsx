import type { Citation } from "@tokenline/client";
import { IconButton } from "@tokenline/client/ui";
import { FileText, X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { PassageFile } from "./PassageFile";
import { placeOf } from "./place";
import { quotedIn, type Span } from "./quoted";

interface Props {
  citation: Citation;
  /** What the answer says of it. */
  said: string[];
  children: ReactNode;
}

/** The passage behind a citation, with its file and place; marked in it what the answer took from it. */
export function PassageDialog({ citation, said, children }: Props) {
  return (
    <Dialog.Root>
      <Dialog.Trigger asChild>{children}</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-black/40" />
        <Dialog.Content className="fixed top-1/2 left-1/2 z-50 flex max-h-[80vh] w-[min(640px,94vw)] -translate-1/2 flex-col rounded-2xl border border-line bg-raised shadow-soft focus:outline-none">
          <header className="flex items-center gap-3 border-b border-line py-3 pr-3 pl-5">
            <FileText className="size-5 shrink-0 text-accent" aria-hidden />
            <div className="min-w-0 flex-1">
              <Dialog.Title className="truncate text-sm font-semibold" title={citation.name}>
                {citation.name}
              </Dialog.Title>
              <Dialog.Description className="text-[13px] wrap-anywhere text-ink-faint">
                {whereIs(citation)}
              </Dialog.Description>
            </div>
            <Dialog.Close asChild>
              <IconButton label="Close">
                <X aria-hidden />
              </IconButton>
            </Dialog.Close>
          </header>
          <blockquote
            // A long passage is scrolled with the keyboard, too.
            tabIndex={0}
            aria-label="Passage"
            className="overflow-y-auto px-5 py-4 text-[15px] leading-relaxed wrap-anywhere whitespace-pre-wrap text-ink-soft focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-accent"
          >
            <Marked passage={citation.passage} said={said} />
          </blockquote>
          <PassageFile citation={citation} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** `[1] · Page 4 · 87 % match`. Openings, which nobody looked for, are similar to nothing. */
function whereIs(citation: Citation): string {
  const place = placeOf(citation);
  return [
    `[${citation.number}]`,
    place && place.charAt(0).toUpperCase() + place.slice(1),
    citation.page !== null && citation.section,
    citation.similarity > 0 && `${Math.round(citation.similarity * 100)} % match`,
  ]
    .filter(Boolean)
    .join(" · ");
}

function Marked({ passage, said }: { passage: string; said: string[] }) {
  const spans = merged(passage, said);
  let at = 0;
  return (
    <>
      {spans.map(([start, end]) => {
        const plain = passage.slice(at, start);
        at = end;
        return (
          <span key={start}>
            {plain}
            <mark className="rounded-sm bg-accent-soft text-ink [box-decoration-break:clone]">
              <span className="sr-only select-none">Quoted: </span>
              {passage.slice(start, end)}
              <span className="sr-only select-none"> End of quote. </span>
            </mark>
          </span>
        );
      })}
      {passage.slice(at)}
    </>
  );
}

/** In order, without overlap. */
function merged(passage: string, said: string[]): Span[] {
  const spans = said.map((text) => quotedIn(passage, text)).filter((span) => span !== null);
  const out: Span[] = [];
  for (const [start, end] of spans.sort((one, other) => one[0] - other[0])) {
    const last = out.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else out.push([start, end]);
  }
  return out;
}
