import { Button, Field, IconButton } from "@tokenline/client/ui";
import { Link } from "lucide-react";
import { Popover } from "radix-ui";
import { type FormEvent, useState } from "react";
import { addLink } from "../state/uploads";
import { focusComposer } from "./focus";

/** Attaches pages of the web by their address. */
export function LinkButton({ thread }: { thread: string }) {
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <IconButton label="Add a link" className="rounded-full data-[state=open]:bg-sunken">
          <Link aria-hidden />
        </IconButton>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          side="top"
          align="start"
          sideOffset={8}
          collisionPadding={12}
          aria-label="Add a link"
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            focusComposer();
          }}
          className="z-50 w-[min(380px,calc(100vw-24px))] animate-fade rounded-2xl border border-line bg-raised p-4 text-ink shadow-soft focus:outline-none"
        >
          <LinkForm
            onAdd={(urls) => {
              for (const url of urls) addLink(thread, url);
              setOpen(false);
            }}
          />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function LinkForm({ onAdd }: { onAdd: (urls: string[]) => void }) {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);

  function submit(event: FormEvent) {
    event.preventDefault();
    // The composer is a form as well, and events pass through portals.
    event.stopPropagation();
    const given = text.split(/\s+/).filter(Boolean);
    const bad = given.find((one) => addressOf(one) === null);
    if (bad !== undefined) setWrong(bad);
    else if (given.length > 0) onAdd(given.flatMap((one) => addressOf(one) ?? []));
  }

  return (
    <form onSubmit={submit} noValidate>
      <Field
        label="Address of a page"
        value={text}
        autoFocus
        inputMode="url"
        autoComplete="off"
        spellCheck={false}
        placeholder="https://"
        aria-invalid={wrong !== null}
        onChange={(event) => {
          setText(event.target.value);
          setWrong(null);
        }}
      />
      <div className="mt-3 flex items-center gap-3">
        <p role={wrong ? "alert" : undefined} className={`min-w-0 flex-1 text-xs ${wrong ? "text-bad" : "text-ink-faint"}`}>
          {wrong ? `“${wrong.slice(0, 40)}” is not an address of a page.` : "It is fetched and read like a file."}
        </p>
        <Button kind="primary" type="submit" disabled={text.trim() === ""}>
          Add
        </Button>
      </div>
    </form>
  );
}

/** With its scheme, which people leave out; `null`: it is none. */
export function addressOf(text: string): string | null {
  const whole = /^[a-z][a-z0-9+.-]*:(?!\d)/i.test(text);
  const url = whole ? text : `https://${text.replace(/^\/+/, "")}`;
  if (!URL.canParse(url)) return null;
  const { protocol, hostname } = new URL(url);
  return /^https?:$/.test(protocol) && (whole || hostname.includes(".")) ? url : null;
}
