import { pieces } from "@tokenline/client";

interface Props {
  text: string;
  spans: readonly number[][];
}

/** Text with its hits marked. Text is text: nothing in it becomes markup. */
export function Highlighted({ text, spans }: Props) {
  return pieces(text, spans).map((piece, index) =>
    piece.hit ? (
      <mark key={index} className="rounded-[3px] bg-accent-soft px-px font-medium text-accent">
        {piece.text}
      </mark>
    ) : (
      <span key={index}>{piece.text}</span>
    ),
  );
}
