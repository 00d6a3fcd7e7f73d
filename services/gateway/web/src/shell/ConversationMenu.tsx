import type { Conversation } from "@tokenline/client";
import { cx, MENU, MENU_ITEM, say } from "@tokenline/client/ui";
import { Archive, ArchiveRestore, Copy, Ellipsis, FileDown, FileJson, Link2, Pencil, Trash2 } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { useLocation } from "wouter";
import { chat } from "../state/chat";
import { api } from "../state/client";
import { useCopying } from "../state/copies";
import { library, save } from "../state/library";
import { DeleteDialog } from "./DeleteDialog";
import { ShareDialog } from "./ShareDialog";

interface Props {
  conversation: Conversation;
  here: boolean;
  onRename: () => void;
}

export function ConversationMenu({ conversation, here, onRename }: Props) {
  const [deleting, setDeleting] = useState(false);
  const [sharing, setSharing] = useState(false);
  const [, navigate] = useLocation();
  const { copy, copying } = useCopying();
  const { id, archived, title } = conversation;

  async function archive() {
    try {
      const changed = await api.changeConversation(id, { archived: !archived });
      chat().apply({ type: "local.conversations", items: [changed] });
    } catch (error) {
      say(error);
    }
  }

  async function download(format: "md" | "json") {
    try {
      save(await library.export(id, format));
    } catch (error) {
      say(error);
    }
  }

  async function remove() {
    try {
      await api.deleteConversation(id);
      chat().apply({ type: "local.conversation_deleted", conversationId: id });
      if (here) navigate("/");
    } catch (error) {
      say(error);
    }
  }

  return (
    <>
      <DropdownMenu.Root>
        <DropdownMenu.Trigger
          aria-label={`Actions for ${title || "New chat"}`}
          className={cx(
            "mr-1 grid size-7 shrink-0 place-items-center rounded-lg text-ink-faint hover:text-ink",
            "focus-visible:opacity-100 group-hover:opacity-100 data-[state=open]:opacity-100 pointer-coarse:opacity-100",
            !here && "opacity-0",
          )}
        >
          <Ellipsis className="size-4" aria-hidden />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content align="start" sideOffset={4} className={MENU}>
            <DropdownMenu.Item className={MENU_ITEM} onSelect={onRename}>
              <Pencil aria-hidden /> Rename
            </DropdownMenu.Item>
            <DropdownMenu.Item className={MENU_ITEM} onSelect={() => setSharing(true)}>
              <Link2 aria-hidden /> Share
            </DropdownMenu.Item>
            <DropdownMenu.Item className={MENU_ITEM} onSelect={() => void download("md")}>
              <FileDown aria-hidden /> Export as Markdown
            </DropdownMenu.Item>
            <DropdownMenu.Item className={MENU_ITEM} onSelect={() => void download("json")}>
              <FileJson aria-hidden /> Export as JSON
            </DropdownMenu.Item>
            <DropdownMenu.Item className={MENU_ITEM} onSelect={() => void archive()}>
              {archived ? <ArchiveRestore aria-hidden /> : <Archive aria-hidden />}
              {archived ? "Take out of the archive" : "Archive"}
            </DropdownMenu.Item>
            <DropdownMenu.Item className={MENU_ITEM} disabled={copying} onSelect={() => copy(id)}>
              <Copy aria-hidden /> Make a copy
            </DropdownMenu.Item>
            <DropdownMenu.Item className={cx(MENU_ITEM, "text-bad")} onSelect={() => setDeleting(true)}>
              <Trash2 aria-hidden /> Delete
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <ShareDialog open={sharing} onOpenChange={setSharing} conversationId={id} />
      <DeleteDialog open={deleting} onOpenChange={setDeleting} title={title} onDelete={() => void remove()} />
    </>
  );
}
