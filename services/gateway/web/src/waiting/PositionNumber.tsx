/** The number that people watch: each change rolls in, and widths never jump. */
export function PositionNumber({ value }: { value: number }) {
  return (
    <span className="inline-flex overflow-hidden text-[56px] leading-none font-semibold tracking-[-0.04em] tabular-nums">
      <span key={value} className="animate-roll">
        {value.toLocaleString("en")}
      </span>
    </span>
  );
}
