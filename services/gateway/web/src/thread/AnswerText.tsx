import type { Citation } from "@tokenline/client";
import { lazy, Suspense } from "react";

const Markdown = lazy(() => import("./Markdown"));

interface Props {
  text: string;
  streaming?: boolean;
  citations?: Citation[];
}

const NONE: Citation[] = [];

/** An answer's text. The Markdown renderer comes after the first paint; until then the text is shown as it is. */
export function AnswerText({ text, streaming = false, citations = NONE }: Props) {
  return (
    <Suspense fallback={<div className="prose whitespace-pre-wrap">{text}</div>}>
      <Markdown text={text} streaming={streaming} citations={citations} />
    </Suspense>
  );
}
