const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
const MOST = 60;

/** A file's name within a sentence: its middle left out where it is long, and by itself where it is read from the right. */
export function named(name: string): string {
  const characters = [...name];
  const short = characters.length > MOST ? [...characters.slice(0, MOST - 20), "…", ...characters.slice(-19)].join("") : name;
  return RIGHT_TO_LEFT.test(short) ? `\u2068${short}\u2069` : short;
}
