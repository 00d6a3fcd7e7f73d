import { cx, matches, WIDE } from "@tokenline/client/ui";

const SHOWN = { wide: 20, narrow: 8 };
const STEP = 26;

interface Props {
  /** Tickets before this one. */
  position: number;
  /** The largest position seen: how many have been served since is `from - position`. */
  from: number;
}

/**
 * The line, drawn: a counter, those ahead, you. A place keeps its key while the line moves, so that everybody steps
 * forward instead of being drawn anew; more than fit are a fading tail.
 */
export function LineTrack({ position, from }: Props) {
  const served = from - position;
  const shown = matches(WIDE) ? SHOWN.wide : SHOWN.narrow;
  const ahead = Math.min(position, shown);
  const first = Math.max(0, served - 1);
  const places = Array.from({ length: ahead + served - first }, (_, index) => first + index);
  const more = position > shown;
  const you = ahead + (more ? 1 : 0);

  return (
    <div className="relative h-8 overflow-hidden" aria-hidden="true">
      <span className="absolute inset-x-0 top-4 h-px bg-line" />
      <span className="absolute top-1 left-0 h-6 w-1.5 rounded-full bg-accent" />
      {places.map((place) => {
        const index = place - served;
        return (
          <span
            key={place}
            className={cx(
              "absolute top-2.5 left-4 size-3 rounded-full bg-line-strong ring-3 ring-raised transition-all duration-500 ease-out",
              index < 0 && "opacity-0",
            )}
            style={{ transform: `translateX(${index * STEP}px)` }}
          />
        );
      })}
      {more && (
        <span
          className="absolute top-[7px] left-4 bg-raised px-1 text-xs leading-[18px] tracking-widest text-ink-faint"
          style={{ transform: `translateX(${ahead * STEP - 2}px)` }}
        >
          •••
        </span>
      )}
      <span
        className="absolute top-1.5 left-3 grid size-5 place-items-center rounded-full bg-accent-soft ring-3 ring-raised transition-transform duration-500 ease-out"
        style={{ transform: `translateX(${you * STEP + (more ? 14 : 0)}px)` }}
      >
        <span className="size-3 rounded-full bg-accent" />
      </span>
    </div>
  );
}
