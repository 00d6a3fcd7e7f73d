import type { Eta } from "../generated/frames";

/** `45 s`, `3 min`, `1 h 20 min`: as exact as somebody waiting needs. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest ? `${Math.floor(minutes / 60)} h ${rest} min` : `${minutes / 60} h`;
}

/** `0:07`, `12:40`, `1:02:03`: a running clock. */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor((s % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

/** From the soonest to the worst wait in words; `passedS` has gone by since they were told. `null`: unknown. */
export function etaText(eta: Eta | null, passedS = 0): string | null {
  if (!eta) return null;
  const soonest = Math.max(0, eta.soonest_s - passedS);
  const worst = Math.max(0, eta.worst_s - passedS);
  if (worst < 2) return "any moment";
  if (soonest < 2) return `up to ${duration(tidy(worst))}`;
  const [from, to] = [tidy(soonest), tidy(worst)].map(Math.round) as [number, number];
  if (from === to) return `about ${duration(to)}`;
  if (to < SECONDS_UP_TO) return `${from}–${to} s`;
  const [low, high] = [Math.max(1, Math.round(from / 60)), Math.round(to / 60)];
  if (to >= 3600) return `${duration(from)} – ${duration(to)}`;
  return low === high ? `about ${high} min` : `${low}–${high} min`;
}

/** Ranges that end below this are told in seconds. */
const SECONDS_UP_TO = 100;

/** Steps of 5 s over 20 s, so that the text does not flicker with every second. */
function tidy(seconds: number): number {
  return seconds > 20 ? Math.round(seconds / 5) * 5 : seconds;
}

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  if (size < 1e6) return `${Math.round(size / 1e3)} kB`;
  if (size < 1e9) return `${(size / 1e6).toFixed(1)} MB`;
  return `${(size / 1e9).toFixed(1)} GB`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** Time of day for today, the date otherwise. */
export function when(seconds: number, now = Date.now()): string {
  const date = new Date(seconds * 1000);
  return date.toDateString() === new Date(now).toDateString()
    ? date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" })
    : date.toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
}
