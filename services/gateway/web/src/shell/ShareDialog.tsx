import type { Share } from "@tokenline/client";
import { Button, FIELD, Notice, say } from "@tokenline/client/ui";
import { messageOf } from "@tokenline/client";
import { Check, Copy, Link2Off } from "lucide-react";
import { Dialog } from "radix-ui";
import { useEffect, useState } from "react";
import { library, linkOf } from "../state/library";

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  conversationId: string;
}

/** A read-only link to the conversation as it is; earlier links can be taken back. */
export function ShareDialog({ open, onOpenChange, conversationId }: Props) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-black/40" />
        <Dialog.Content className="fixed top-1/2 left-1/2 z-50 w-[min(480px,92vw)] -translate-1/2 rounded-2xl border border-line bg-raised p-6 shadow-soft">
          <Dialog.Title className="text-base font-semibold">Share this conversation</Dialog.Title>
          <Dialog.Description className="mt-2 text-sm text-ink-soft">
            Whoever has the link can read what was said up to now, without signing in. What you say later, your name and the
            contents of your files are not shown.
          </Dialog.Description>
          {open && <Links conversationId={conversationId} />}
          <div className="mt-6 flex justify-end">
            <Dialog.Close asChild>
              <Button>Done</Button>
            </Dialog.Close>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Links({ conversationId }: { conversationId: string }) {
  const [links, setLinks] = useState<Share[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let left = false;
    library
      .shares(conversationId)
      .then((page) => !left && setLinks(page.items))
      .catch((error: unknown) => !left && setProblem(messageOf(error)));
    return () => {
      left = true;
    };
  }, [conversationId]);

  async function make() {
    setProblem(null);
    try {
      const made = await library.share(conversationId);
      setLinks((known) => [made, ...(known ?? []).filter(({ id }) => id !== made.id)]);
      await copy(made);
    } catch (error) {
      setProblem(messageOf(error));
    }
  }

  async function revoke(link: Share) {
    try {
      await library.revokeShare(link.id);
      setLinks((known) => (known ?? []).filter(({ id }) => id !== link.id));
    } catch (error) {
      setProblem(messageOf(error));
    }
  }

  return (
    <div className="mt-4 space-y-3">
      {problem && <Notice tone="bad">{problem}</Notice>}
      <Button kind="primary" className="w-full" disabled={!links} onClick={() => void make()}>
        Make a link and copy it
      </Button>
      <ul aria-label="Links" className="space-y-2">
        {links?.map((link) => <Row key={link.id} link={link} onRevoke={() => void revoke(link)} />)}
      </ul>
    </div>
  );
}

function Row({ link, onRevoke }: { link: Share; onRevoke: () => void }) {
  const [copied, setCopied] = useState(false);
  const at = new Date(link.created_at * 1000).toLocaleString();
  return (
    <li>
      <p className="mb-1 text-xs text-ink-faint">As of {at}</p>
      <div className="flex items-center gap-2">
        <input
          readOnly
          aria-label={`Link of ${at}`}
          value={linkOf(link.token)}
          onFocus={(event) => event.target.select()}
          className={`${FIELD} h-9 min-w-0 flex-1 text-[13px]`}
        />
        <Button
          aria-label="Copy the link"
          className="h-9 px-2.5"
          onClick={() => void copy(link).then(setCopied)}
        >
          {copied ? <Check className="size-4" aria-hidden /> : <Copy className="size-4" aria-hidden />}
        </Button>
        <Button aria-label="Take the link back" kind="ghost" className="h-9 px-2.5 text-bad" onClick={onRevoke}>
          <Link2Off className="size-4" aria-hidden />
        </Button>
      </div>
    </li>
  );
}

/** False: the browser does not let us, and the link is there to be marked. */
async function copy(link: Share): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(linkOf(link.token));
    return true;
  } catch {
    say("The link could not be copied. Mark it and copy it yourself.");
    return false;
  }
}
