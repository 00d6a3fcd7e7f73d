import type { Citation } from "@tokenline/client";
import { IconButton } from "@tokenline/client/ui";
import { FileText, X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";

/** The passage behind a citation, with its file and page. */
export function PassageDialog({ citation, children }: { citation: Citation; children: ReactNode }) {
  return (
    <Dialog.Root>
      <Dialog.Trigger asChild>{children}</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-black/40" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-1/2 left-1/2 z-50 flex max-h-[80vh] w-[min(640px,94vw)] -translate-1/2 flex-col rounded-2xl border border-line bg-raised shadow-soft focus:outline-none"
        >
          <header className="flex items-center gap-3 border-b border-line py-3 pr-3 pl-5">
            <FileText className="size-5 shrink-0 text-accent" aria-hidden />
            <div className="min-w-0 flex-1">
              <Dialog.Title className="truncate text-sm font-semibold">{citation.name}</Dialog.Title>
              <p className="text-[13px] text-ink-faint">
                {citation.page ? `Page ${citation.page}` : "Source"} · [{citation.number}]
              </p>
            </div>
            <Dialog.Close asChild>
              <IconButton label="Close">
                <X aria-hidden />
              </IconButton>
            </Dialog.Close>
          </header>
          <blockquote className="overflow-y-auto px-5 py-4 text-[15px] leading-relaxed wrap-anywhere whitespace-pre-wrap text-ink-soft">
            {citation.passage}
          </blockquote>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
