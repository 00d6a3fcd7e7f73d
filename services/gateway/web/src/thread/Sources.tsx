import type { Citation } from "@tokenline/client";
import { PassageDialog } from "./PassageDialog";
import { placeOf, shortPlaceOf } from "./place";
import { saidBefore } from "./quoted";

/** The files an answer rests on. */
export function Sources({ citations, answer }: { citations: Citation[]; answer: string }) {
  if (citations.length === 0) return null;
  return (
    <ul aria-label="Sources" className="mt-4 flex flex-wrap gap-2">
      {citations.map((citation) => (
        <li key={citation.number} className="min-w-0">
          <PassageDialog citation={citation} said={saidBefore(answer, citation.number)}>
            <button
              type="button"
              className="flex h-8 max-w-64 items-center gap-2 rounded-full border border-line bg-raised pr-3 pl-1.5 text-[13px] text-ink-soft transition-colors hover:border-line-strong hover:text-ink"
            >
              <span className="grid size-5 shrink-0 place-items-center rounded-full bg-accent-soft text-[11px] font-semibold text-accent tabular-nums">
                {citation.number}
              </span>
              <span className="truncate">{citation.name}</span>
              {shortPlaceOf(citation) && (
                <span
                  className={citation.page === null ? "max-w-28 min-w-8 truncate text-ink-faint" : "shrink-0 text-ink-faint"}
                  title={placeOf(citation)}
                >
                  {shortPlaceOf(citation)}
                </span>
              )}
            </button>
          </PassageDialog>
        </li>
      ))}
    </ul>
  );
}
