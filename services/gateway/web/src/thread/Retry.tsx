import type { ThreadMessage } from "@tokenline/client";
import { IconButton } from "@tokenline/client/ui";
import { RotateCcw } from "lucide-react";
import { retry } from "./again";

export function Retry({ message }: { message: ThreadMessage }) {
  return (
    <IconButton label="Another answer" small onClick={() => retry(message)}>
      <RotateCcw aria-hidden />
    </IconButton>
  );
}
