import type { Element, ElementContent, Root, RootContent } from "hast";

/** Tag of a citation mark in the tree. Raw HTML is never let in, so only this plugin makes it. */
const MARK_TAG = "cite";

const MARK = /\[(\d{1,3})\]/;
const LEFT_ALONE = new Set(["code", "pre", "a"]);

/** Turns `[1]` in running text into an element, so that it can become a chip. */
export function rehypeCitationMarks() {
  return (tree: Root): void => {
    tree.children = tree.children.flatMap((node): RootContent[] => (node.type === "doctype" ? [node] : marked(node)));
  };
}

function marked(node: ElementContent): ElementContent[] {
  if (node.type === "text") return split(node.value);
  if (node.type === "element" && !LEFT_ALONE.has(node.tagName)) node.children = node.children.flatMap(marked);
  return [node];
}

/** Splitting by a pattern with one group puts the numbers at the odd places. */
function split(text: string): ElementContent[] {
  return text
    .split(new RegExp(MARK, "g"))
    .map((part, index): ElementContent => (index % 2 ? mark(part) : { type: "text", value: part }))
    .filter((part) => part.type !== "text" || part.value !== "");
}

function mark(number: string): Element {
  return {
    type: "element",
    tagName: MARK_TAG,
    properties: { dataNumber: number },
    children: [{ type: "text", value: `[${number}]` }],
  };
}
