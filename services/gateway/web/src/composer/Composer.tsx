import { liveTickets } from "@tokenline/client";
import { cx, FINE_POINTER, IconButton, matches } from "@tokenline/client/ui";
import { Paperclip } from "lucide-react";
import { type ClipboardEvent, type KeyboardEvent, useRef } from "react";
import { useAgent } from "../state/agent";
import { chat, useChat } from "../state/chat";
import { setDraft, useDraft } from "../state/drafts";
import { usePause } from "../state/pause";
import { setTemporary, useTemporary } from "../state/temporary";
import { choose, clear, useChosen } from "../state/uploads";
import { PoolWait } from "../waiting/PoolWait";
import { AttachmentTray } from "./AttachmentTray";
import { BlindNotice } from "./BlindNotice";
import { COMPOSER_ID } from "./focus";
import { FollowUpMenu } from "./FollowUpMenu";
import { LinkButton } from "./LinkButton";
import { PauseNotice } from "./PauseNotice";
import { submits } from "./keys";
import { SendButton } from "./SendButton";
import { useAutoHeight } from "./useAutoHeight";
import { useRefusal } from "./useRefusal";

export function Composer({ conversationId }: { conversationId: string | null }) {
  const thread = conversationId ?? "new";
  const text = useDraft(thread);
  const chosen = useChosen(thread);
  const temporary = useTemporary(conversationId);
  const agent = useAgent(conversationId);
  const live = useChat(({ state }) => liveTickets(state, conversationId).find(({ stopping }) => !stopping)?.id);
  const area = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const [refusal, dismiss] = useRefusal(conversationId, live !== undefined);
  useAutoHeight(area, text);

  const uploading = chosen.some(({ attachment, error }) => !attachment && !error);
  const pause = usePause();
  const ready = text.trim() !== "" && !uploading && !pause;

  function send() {
    if (!ready) return;
    dismiss();
    const attachments = chosen.flatMap(({ attachment }) => attachment ?? []);
    chat().ask(text.trim(), {
      conversationId,
      agentId: agent?.id ?? null,
      attachments,
      ...(temporary && !conversationId ? { temporary } : {}),
    });
    if (!conversationId) setTemporary(false);
    setDraft(thread, "");
    clear(thread);
    area.current?.focus();
  }

  function write(next: string) {
    setDraft(thread, next);
    if (conversationId && next) chat().typing(conversationId);
  }

  function keyDown(event: KeyboardEvent) {
    if (!submits(event)) return;
    event.preventDefault();
    send();
  }

  function paste(event: ClipboardEvent) {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    choose(thread, event.clipboardData.files);
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      className={cx(
        "rounded-[22px] border border-line-strong bg-raised shadow-soft transition-colors focus-within:border-accent/45",
        temporary && "border-dashed border-accent/60",
      )}
    >
      {refusal && (
        <p role="alert" className="mx-3 mt-3 animate-rise rounded-xl bg-warn-soft px-3 py-2 text-[13px] text-warn">
          {refusal}
        </p>
      )}
      {pause && <PauseNotice {...pause} />}
      <AttachmentTray thread={thread} />
      <BlindNotice thread={thread} agent={agent} />
      <textarea
        ref={area}
        id={COMPOSER_ID}
        value={text}
        rows={1}
        autoFocus={matches(FINE_POINTER)}
        aria-label="Your question"
        placeholder={agent ? `Ask ${agent.name}` : "Ask a question"}
        onChange={(event) => write(event.target.value)}
        onKeyDown={keyDown}
        onPaste={paste}
        className="block max-h-[40vh] w-full resize-none bg-transparent px-4.5 pt-3.5 pb-1 text-base placeholder:text-ink-faint focus:outline-none md:text-[15px]"
      />
      <div className="flex items-center gap-1 px-2 pb-2">
        <IconButton label="Attach files" className="rounded-full" onClick={() => picker.current?.click()}>
          <Paperclip aria-hidden />
        </IconButton>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            choose(thread, event.target.files ?? []);
            event.target.value = "";
          }}
        />
        <LinkButton thread={thread} />
        <PoolWait conversationId={conversationId} />
        <FollowUpMenu conversationId={conversationId} />
        <span className="flex-1" />
        <SendButton conversationId={conversationId} ready={ready} uploading={uploading} live={live} />
      </div>
    </form>
  );
}
