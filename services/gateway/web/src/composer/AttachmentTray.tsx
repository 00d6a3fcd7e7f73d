import type { Attachment } from "@tokenline/client";
import { type MouseEvent, useEffect } from "react";
import { useShallow } from "zustand/react/shallow";
import { useChat } from "../state/chat";
import { type Chosen, recall, remove, useChosen } from "../state/uploads";
import { Announcer } from "../waiting/Announcer";
import { FileChip } from "./FileChip";
import { focusComposer } from "./focus";
import { spokenOf } from "./spoken";

export function AttachmentTray({ thread }: { thread: string }) {
  const chosen = useChosen(thread);
  const latest = useChat(useShallow(({ state }) => chosen.map((item) => latestOf(item, state.attachments))));
  useEffect(() => void recall(thread), [thread]);
  return (
    <>
      {chosen.length > 0 && (
        <ul aria-label="Attached files" className="flex max-h-[36vh] flex-wrap gap-2 overflow-y-auto px-3 pt-3">
          {chosen.map((item, index) => (
            <li key={item.key} className="max-w-full min-w-0 animate-rise">
              <ChosenChip thread={thread} item={item} attachment={latest[index] ?? null} />
            </li>
          ))}
        </ul>
      )}
      <Announcer text={chosen.map((item, index) => spokenOf(item, latest[index] ?? null)).join(" ")} />
    </>
  );
}

interface Props {
  thread: string;
  item: Chosen;
  attachment: Attachment | null;
}

function ChosenChip({ thread, item, attachment }: Props) {
  // What a page is called, and how long it is, turns out while it is fetched; and names are tidied up.
  const page = item.url ? attachment : null;
  return (
    <FileChip
      name={attachment?.name ?? item.name}
      size={page?.size_bytes ?? item.size}
      sent={item.sent}
      url={item.url}
      attachment={attachment}
      error={item.error}
      waitsUntil={item.waitsUntil}
      offline={item.offline}
      onRemove={(event) => {
        handOn(event);
        remove(thread, item);
      }}
    />
  );
}

/** By keyboard several files are removed one after the other; whoever clicked goes on writing. */
function handOn(event: MouseEvent<HTMLElement>): void {
  const own = event.currentTarget.closest("li");
  const beside = own?.nextElementSibling ?? own?.previousElementSibling;
  const next = event.detail === 0 && beside?.querySelector("button");
  if (next) next.focus();
  else focusComposer();
}

function latestOf({ attachment }: Chosen, known: Record<string, Attachment>): Attachment | null {
  return (attachment && known[attachment.id]) ?? attachment;
}
