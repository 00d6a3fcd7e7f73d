import type { ThreadMessage } from "@tokenline/client";
import { IconButton } from "@tokenline/client/ui";
import { RotateCcw } from "lucide-react";
import { askAgain } from "./again";

export function Retry({ question }: { question: ThreadMessage | null }) {
  if (!question) return null;
  return (
    <IconButton label="Ask again" className="size-8 [&>svg]:size-4" onClick={() => askAgain(question)}>
      <RotateCcw aria-hidden />
    </IconButton>
  );
}
