import hljs from "highlight.js/lib/common";

/** Colouring is linear, but a page must not stand still for it. */
const LONGEST = 50_000;

/** Escaped HTML with spans; `null` when the language is unknown or the code too long. */
export function highlight(code: string, language: string): string | null {
  if (code.length > LONGEST || !hljs.getLanguage(language)) return null;
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}
