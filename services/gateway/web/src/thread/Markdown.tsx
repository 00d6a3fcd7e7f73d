import type { Citation } from "@tokenline/client";
import { cx } from "@tokenline/client/ui";
import { type ComponentProps, useDeferredValue, useEffect, useState } from "react";
import { harden } from "rehype-harden";
import { defaultRehypePlugins, type ExtraProps, Streamdown, type StreamdownProps } from "streamdown";
import { CitationMark } from "./CitationMark";
import { Citations } from "./citations";
import { rehypeCitationMarks } from "./citation_marks";
import { CodeBlock } from "./CodeBlock";

/** Raw HTML is shown as text, every image is refused, and links go to the web or a mailbox. */
const SAFE: StreamdownProps["rehypePlugins"] = [
  defaultRehypePlugins["sanitize"]!,
  [
    harden,
    {
      defaultOrigin: globalThis.location?.origin,
      allowedLinkPrefixes: ["*"],
      allowedProtocols: ["http:", "https:", "mailto:"],
      allowedImagePrefixes: [],
      allowDataImages: false,
      imageBlockPolicy: "text-only",
    },
  ],
  rehypeCitationMarks,
];

const COMPONENTS: StreamdownProps["components"] = {
  pre: CodeBlock,
  code: ({ node: _node, ...rest }) => <code {...rest} />,
  a: Anchor,
  img: ({ alt }) => <span className="text-ink-faint">{alt}</span>,
  table: ({ children }) => (
    <div className="overflow-x-auto">
      <table>{children}</table>
    </div>
  ),
  cite: CitationMark,
};

interface Props {
  text: string;
  streaming: boolean;
  citations: Citation[];
}

export default function Markdown({ text, streaming, citations }: Props) {
  const plugins = useMath(text);
  // Formatting may lag behind typing and scrolling, never hold them up: at first the bare text is shown.
  const formatted = useDeferredValue(text, "");
  if (!formatted) return <div className="prose whitespace-pre-wrap">{text}</div>;
  return (
    <Citations value={citations}>
      <div className={cx("prose", streaming && "streaming")} aria-busy={streaming}>
        <Streamdown
          mode="streaming"
          parseIncompleteMarkdown={streaming}
          isAnimating={streaming}
          rehypePlugins={SAFE}
          components={COMPONENTS}
          plugins={plugins}
          controls={false}
          linkSafety={{ enabled: false }}
        >
          {formatted}
        </Streamdown>
      </div>
    </Citations>
  );
}

function Anchor({ href, children }: ComponentProps<"a"> & ExtraProps) {
  return (
    <a href={href} title={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

const FORMULA = /\$\$|\\\(|\\\[/;

/** Formulas need a large library; it is loaded when the first one is seen. */
function useMath(text: string): StreamdownProps["plugins"] {
  const [plugins, setPlugins] = useState<StreamdownProps["plugins"]>();
  const needed = !plugins && FORMULA.test(text);
  useEffect(() => {
    if (needed) void import("./math").then(({ math }) => setPlugins({ math }));
  }, [needed]);
  return plugins;
}
