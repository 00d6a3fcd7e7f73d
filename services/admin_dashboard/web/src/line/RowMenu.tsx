import type { LineItem } from "@tokenline/client";
import { cx, MENU, MENU_ITEM } from "@tokenline/client/ui";
import { ArrowDownToLine, ArrowUpToLine, CircleX, Ellipsis, Split } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useAct } from "../state/actions";
import { useLive } from "../state/live";
import { askToCancel } from "./CancelDialog";

const FIRST = "It is as far in front as it can be.";
const LAST = "It is as far back as it can be.";

/** What an administrator can do to one ticket. */
export function RowMenu({ item }: { item: LineItem }) {
  const act = useAct();
  const waits = item.state === "queued" || item.state === "held";
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger
        aria-label={`Actions for ${item.user}`}
        className="grid size-7 place-items-center rounded-lg text-ink-faint transition-colors hover:bg-sunken hover:text-ink data-[state=open]:bg-sunken data-[state=open]:text-ink"
      >
        <Ellipsis className="size-4" aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={4} className={MENU}>
          {waits && (
            <>
              <DropdownMenu.Item
                className={MENU_ITEM}
                onSelect={() => void act(`tickets/${item.ticket_id}/bump`, { unchanged: FIRST })}
              >
                <ArrowUpToLine aria-hidden /> Move to the front
              </DropdownMenu.Item>
              <DropdownMenu.Item
                className={MENU_ITEM}
                onSelect={() => void act(`tickets/${item.ticket_id}/demote`, { unchanged: LAST })}
              >
                <ArrowDownToLine aria-hidden /> Move to the back
              </DropdownMenu.Item>
              <OtherPools here={item.pool} onPool={(pool) => void act(`tickets/${item.ticket_id}/move`, { pool })} />
              <DropdownMenu.Separator className="my-1 h-px bg-line" />
            </>
          )}
          <DropdownMenu.Item className={cx(MENU_ITEM, "text-bad")} onSelect={() => askToCancel(item)}>
            <CircleX aria-hidden /> Cancel…
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function OtherPools({ here, onPool }: { here: string; onPool: (pool: string) => void }) {
  const pools = useLive((live) => live.board?.pools);
  const others = (pools ?? []).filter(({ pool }) => pool !== here);
  if (others.length === 0) return null;
  return (
    <DropdownMenu.Sub>
      <DropdownMenu.SubTrigger className={MENU_ITEM}>
        <Split aria-hidden /> Move to pool
      </DropdownMenu.SubTrigger>
      <DropdownMenu.Portal>
        <DropdownMenu.SubContent sideOffset={6} className={MENU}>
          {others.map(({ pool, waiting }) => (
            <DropdownMenu.Item key={pool} className={cx(MENU_ITEM, "justify-between")} onSelect={() => onPool(pool)}>
              {pool}
              <span className="text-xs text-ink-faint tabular-nums">{waiting.toLocaleString("en")} waiting</span>
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.SubContent>
      </DropdownMenu.Portal>
    </DropdownMenu.Sub>
  );
}
