import type { Element, ElementContent, Root, RootContent } from "hast";

/** Tag of a citation mark in the tree. Raw HTML is never let in, so only this plugin makes it. */
const MARK_TAG = "cite";
/** What stands before a mark is kept so far back: the sentence that it is about. */
const BEFORE = 600;

/** `[1]`, `[1, 2]`, and the `【1】` and `【1†source】` of some models. As the worker reads them (core/citations.py). */
export const MARK = /[[【]\s*(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\s*(?:†[^\]】\n]{0,80})?[\]】]/g;
export const QUOTED = /“([^“”]*)”|„([^„“]*)“|«([^«»]*)»|"([^"\n]*)"/g;
const LEFT_ALONE = new Set(["code", "pre", "a"]);
const BLOCKS = new Set(["p", "li", "td", "th", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"]);

/** Turns marks in running text into elements, so that they can become chips. */
export function rehypeCitationMarks() {
  return (tree: Root): void => {
    const said = { text: "" };
    tree.children = tree.children.flatMap((node): RootContent[] =>
      node.type === "doctype" ? [node] : marked(node, said),
    );
  };
}

function marked(node: ElementContent, said: { text: string }): ElementContent[] {
  if (node.type === "text") return split(node.value, said);
  if (node.type !== "element") return [node];
  if (LEFT_ALONE.has(node.tagName)) {
    said.text += textOf(node);
    return [node];
  }
  if (BLOCKS.has(node.tagName)) said.text = "";
  node.children = node.children.flatMap((child) => marked(child, said));
  return [node];
}

function textOf(node: ElementContent): string {
  if (node.type === "text") return node.value;
  return node.type === "element" ? node.children.map(textOf).join("") : "";
}

function split(text: string, said: { text: string }): ElementContent[] {
  const quotes = [...text.matchAll(QUOTED)];
  const out: ElementContent[] = [];
  let at = 0;
  const words = (until: number) => {
    if (until > at) out.push({ type: "text", value: text.slice(at, until) });
    said.text += text.slice(at, until);
  };
  for (const found of text.matchAll(MARK)) {
    words(found.index);
    at = found.index + found[0].length;
    const quote = quotes.find((one) => one.index < found.index && at < one.index + one[0].length);
    const within = quote?.slice(1).find((group) => group !== undefined) ?? "";
    out.push(mark(found[0], found[1]!.match(/\d+/g)!, said.text.slice(-BEFORE), within));
  }
  words(text.length);
  return out;
}

/** `before`: what the mark is about. `within`: the quotation that it is part of. */
function mark(written: string, numbers: string[], before: string, within: string): Element {
  return {
    type: "element",
    tagName: MARK_TAG,
    properties: { dataNumbers: numbers.join(), dataBefore: before, dataWithin: within },
    children: [{ type: "text", value: written }],
  };
}
