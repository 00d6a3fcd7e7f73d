import { useChat } from "../state/chat";
import { type Chosen, remove, useChosen } from "../state/uploads";
import { FileChip } from "./FileChip";

export function AttachmentTray({ thread }: { thread: string }) {
  const chosen = useChosen(thread);
  if (chosen.length === 0) return null;
  return (
    <ul aria-label="Attached files" className="flex flex-wrap gap-2 px-3 pt-3">
      {chosen.map((item) => (
        <li key={item.key} className="min-w-0 animate-rise">
          <ChosenChip thread={thread} item={item} />
        </li>
      ))}
    </ul>
  );
}

function ChosenChip({ thread, item }: { thread: string; item: Chosen }) {
  const latest = useChat(({ state }) => (item.attachment ? state.attachments[item.attachment.id] : undefined));
  const attachment = latest ?? item.attachment;
  // What a page is called, and how long it is, turns out while it is fetched.
  const page = item.url ? attachment : null;
  return (
    <FileChip
      name={page?.name ?? item.name}
      size={page?.size_bytes ?? item.size}
      sent={item.sent}
      url={item.url}
      attachment={attachment}
      error={item.error}
      waitsUntil={item.waitsUntil}
      offline={item.offline}
      onRemove={() => remove(thread, item)}
    />
  );
}
