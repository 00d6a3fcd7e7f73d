import { messageOf } from "@tokenline/client";
import { clock, etaText, IconButton, Notice, plural, Spinner, useNow } from "@tokenline/client/ui";
import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import { api } from "../state/client";
import { reasonText } from "./reasons";
import { RowMenu } from "./RowMenu";
import { StateBadge } from "./StateBadge";

/** One user's tickets, as that user sees them. */
export function UserView({ user, onClose }: { user: string | null; onClose: () => void }) {
  return (
    <Dialog.Root open={user !== null} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-black/40" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 right-0 z-50 flex w-[min(440px,94vw)] animate-fade flex-col border-l border-line bg-raised shadow-soft focus:outline-none"
        >
          <header className="flex h-14 items-center gap-3 border-b border-line pr-3 pl-5">
            <Dialog.Title className="min-w-0 flex-1 truncate text-sm font-semibold">{user}</Dialog.Title>
            <Dialog.Close asChild>
              <IconButton label="Close">
                <X aria-hidden />
              </IconButton>
            </Dialog.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto p-5">{user && <Tickets user={user} />}</div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Tickets({ user }: { user: string }) {
  const now = useNow(1000);
  const tickets = useQuery({
    queryKey: ["user", user],
    queryFn: () => api.line({ pool: "", state: "", user }, null),
    refetchInterval: 1_500,
  });
  if (tickets.isPending) return <Spinner className="mx-auto block size-5 text-ink-faint" />;
  if (tickets.isError) {
    return (
      <Notice tone="bad" action="Retry" onAction={() => void tickets.refetch()}>
        {messageOf(tickets.error)}
      </Notice>
    );
  }
  const items = tickets.data.items.filter((item) => item.user === user);
  return (
    <>
      <p className="mb-3 text-[13px] text-ink-faint">{plural(items.length, "ticket")} in the line</p>
      <ul className="space-y-3">
        {items.map((item) => (
          <li key={item.ticket_id} className="rounded-xl border border-line p-4 text-[13px]">
            <div className="flex items-center justify-between">
              <span className="text-lg font-semibold tabular-nums">
                {item.state === "queued" && item.position !== null ? `${item.position.toLocaleString("en")} ahead` : item.pool}
              </span>
              <span className="flex items-center gap-2">
                <StateBadge state={item.state} />
                <RowMenu item={item} />
              </span>
            </div>
            <p className="mt-1 text-ink-faint tabular-nums">
              {[
                item.agent,
                `priority ${item.priority}`,
                `waiting ${clock(Math.max(item.age_s, now / 1000 - item.created_at))}`,
                etaText(item.eta),
                reasonText(item.reason),
              ]
                .filter(Boolean)
                .join(" · ")}
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}
