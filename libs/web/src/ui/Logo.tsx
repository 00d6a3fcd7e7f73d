/** The mark: a line of three that reaches the counter. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="var(--accent)" />
      <g fill="var(--on-accent)">
        <rect x="7" y="8" width="3.4" height="16" rx="1.7" />
        <circle cx="15" cy="16" r="2.6" />
        <circle cx="21" cy="16" r="2.1" opacity="0.65" />
        <circle cx="26" cy="16" r="1.6" opacity="0.35" />
      </g>
    </svg>
  );
}
