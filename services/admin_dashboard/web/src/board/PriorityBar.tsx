const LEVELS = 11;

/** Who waits, by priority: the most urgent on the left and strongest. */
export function PriorityBar({ depths }: { depths: Record<string, number> }) {
  const levels = Object.entries(depths)
    .map(([level, depth]) => ({ level: Number(level), depth }))
    .filter(({ depth }) => depth > 0)
    .sort((a, b) => b.level - a.level);
  return (
    <div className="mt-3">
      <div className="flex h-2 gap-px overflow-hidden rounded-full bg-sunken" aria-hidden="true">
        {levels.map(({ level, depth }) => (
          <span
            key={level}
            className="h-full bg-accent transition-[flex-grow] duration-500"
            style={{ flexGrow: depth, opacity: 0.3 + (0.7 * level) / (LEVELS - 1) }}
          />
        ))}
      </div>
      <ul aria-label="Waiting by priority" className="mt-1.5 flex min-h-[18px] flex-wrap gap-x-3 text-xs text-ink-faint tabular-nums">
        {levels.map(({ level, depth }) => (
          <li key={level}>
            <span className="font-medium text-ink-soft">P{level}</span> {depth.toLocaleString("en")}
          </li>
        ))}
      </ul>
    </div>
  );
}
