import type { ThreadMessage } from "@tokenline/client";
import { IconButton } from "@tokenline/client/ui";
import { Split } from "lucide-react";
import { useCopying } from "../state/copies";

/** A conversation of its own with everything up to this answer. */
export function CopyFromHere({ message }: { message: ThreadMessage }) {
  const { copy, copying } = useCopying();
  return (
    <IconButton
      label="Copy the conversation up to here"
      small
      disabled={copying}
      onClick={() => copy(message.conversation_id, message.id)}
    >
      <Split aria-hidden />
    </IconButton>
  );
}
