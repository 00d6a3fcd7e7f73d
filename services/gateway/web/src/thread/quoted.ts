import { MARK, QUOTED } from "./citation_marks";

/** Start and end in a passage, in UTF-16 units. */
export type Span = [start: number, end: number];

/** Of the words that an answer's sentence has, so many must be in the passage's, or nothing is marked. */
const ENOUGH = 0.4;
const FEWEST = 2;

/** What of a passage an answer speaks of in `said`: the words that it quotes, or else the sentence most like it. */
export function quotedIn(passage: string, said: string): Span | null {
  const quotes = [...said.matchAll(QUOTED)].map((found) => found.slice(1).find((group) => group !== undefined) ?? "");
  for (const quote of quotes.reverse()) {
    const span = find(passage, quote);
    if (span) return span;
  }
  return likest(passage, sentencesOf(said).at(-1)?.text ?? "");
}

/** What an answer, in Markdown, says before each of its marks with this number. */
export function saidBefore(answer: string, number: number): string[] {
  return answer.split(/\n\s*\n/).flatMap((block) =>
    [...block.matchAll(MARK)]
      .filter((found) => found[1]!.split(/\D+/).map(Number).includes(number))
      .map((found) => block.slice(0, found.index).replace(MARK, "").replace(/[*_`]/g, "")),
  );
}

/** Whether `words` stand in the passage, however white space falls. */
export function says(passage: string, words: string): boolean {
  return find(passage, words) !== null;
}

function find(passage: string, words: string): Span | null {
  const wanted = words.replace(/…$/, "").split(/\s+/).filter(Boolean).map(escaped).join("\\s+");
  const found = wanted ? new RegExp(wanted).exec(passage) : null;
  return found && [found.index, found.index + found[0].length];
}

function escaped(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function likest(passage: string, sentence: string): Span | null {
  const wanted = wordsOf(sentence);
  let best: Span | null = null;
  let most = Math.max(FEWEST, ENOUGH * wanted.size) - 1e-9;
  for (const { start, text } of sentencesOf(passage)) {
    const has = wordsOf(text);
    const shared = [...wanted].filter((word) => has.has(word)).length;
    if (shared > most) {
      most = shared;
      best = [start + text.length - text.trimStart().length, start + text.trimEnd().length];
    }
  }
  return best;
}

/** Figures, and words that are long enough to mean something. */
function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/\d+(?:[.,]\d+)*|\p{L}{4,}|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu) ?? []);
}

/** Lines that only a page's width has broken are read on. */
function sentencesOf(text: string): { start: number; text: string }[] {
  const joined = text.replace(/([^\n.!?:|])\n(?=[\p{Ll}\p{N}])/gu, "$1 ");
  const segments = new Intl.Segmenter(undefined, { granularity: "sentence" }).segment(joined);
  return [...segments].map(({ index, segment }) => ({ start: index, text: segment })).filter(({ text }) => text.trim());
}
