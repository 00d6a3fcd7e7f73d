export const FIRST_S = 0.5;
export const LONGEST_S = 8;

/** Seconds before attempt `attempt` (from 0): doubling from 0.5 to 8, of which a random half is taken off. */
export function backoffS(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_S, FIRST_S * 2 ** attempt);
  return full * (0.5 + random() / 2);
}
