import { IconButton, say } from "@tokenline/client/ui";
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";

interface Props {
  text: string;
  label: string;
  className?: string;
}

export function CopyButton({ text, label, className }: Props) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 1_500);
    return () => clearTimeout(timer);
  }, [done]);

  function copy() {
    // Browsers offer the clipboard to secure pages only.
    if (!navigator.clipboard) return say(new Error("Copying needs a secure (https) page."));
    navigator.clipboard.writeText(text).then(() => setDone(true), say);
  }

  return (
    <IconButton label={done ? "Copied" : label} onClick={copy} className={className ?? "size-7 [&>svg]:size-3.5"}>
      {done ? <Check className="text-accent" aria-hidden /> : <Copy aria-hidden />}
    </IconButton>
  );
}
