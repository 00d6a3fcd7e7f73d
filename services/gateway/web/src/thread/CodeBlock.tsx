import { type ComponentProps, isValidElement, useEffect, useState } from "react";
import { type ExtraProps, useIsCodeFenceIncomplete } from "streamdown";
import { CopyButton } from "./CopyButton";

interface CodeProps {
  className?: string;
  children?: unknown;
}

/** A fenced block with its language, a copy button, and colours once the fence is closed. */
export function CodeBlock({ children }: ComponentProps<"pre"> & ExtraProps) {
  const inner = isValidElement<CodeProps>(children) ? children.props : {};
  const code = String(inner.children ?? "").replace(/\n$/, "");
  const language = /language-([\w+#-]+)/.exec(inner.className ?? "")?.[1] ?? "";
  const html = useColours(code, language, useIsCodeFenceIncomplete());
  return (
    <figure className="my-4 overflow-hidden rounded-xl border border-line bg-panel">
      <figcaption className="flex h-9 items-center justify-between border-b border-line pr-1 pl-4 text-xs text-ink-faint">
        {language || "text"}
        <CopyButton text={code} label="Copy code" />
      </figcaption>
      <pre tabIndex={0} className="overflow-x-auto px-4 py-3 font-mono text-[13px] leading-[1.65]">
        {/* The highlighter escapes the code and adds spans with classes, nothing else. */}
        {html ? <code dangerouslySetInnerHTML={{ __html: html }} /> : <code>{code}</code>}
      </pre>
    </figure>
  );
}

function useColours(code: string, language: string, incomplete: boolean): string | null {
  const [html, setHtml] = useState<string | null>(null);
  useEffect(() => {
    let stale = false;
    setHtml(null);
    if (!incomplete && language) {
      void import("./highlight").then(({ highlight }) => {
        if (!stale) setHtml(highlight(code, language));
      });
    }
    return () => {
      stale = true;
    };
  }, [code, language, incomplete]);
  return html;
}
