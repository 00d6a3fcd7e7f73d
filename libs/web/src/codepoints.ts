/** Offsets on the wire count Unicode code points; JavaScript strings count UTF-16 units. */

/** Length in code points: units less the second halves of surrogate pairs. */
export function codePointLength(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    if (isPair(text, i)) {
      length--;
      i++;
    }
  }
  return length;
}

/** What follows the first `count` code points. */
export function afterCodePoints(text: string, count: number): string {
  let index = 0;
  for (let left = count; left > 0 && index < text.length; left--) {
    index += isPair(text, index) ? 2 : 1;
  }
  return text.slice(index);
}

function isPair(text: string, index: number): boolean {
  const first = text.charCodeAt(index);
  if (first < 0xd800 || first > 0xdbff) return false;
  const second = text.charCodeAt(index + 1);
  return second >= 0xdc00 && second <= 0xdfff;
}
