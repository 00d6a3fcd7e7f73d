import type { LineItem } from "@tokenline/client";
import { ConfirmDialog } from "@tokenline/client/ui/dialog";
import { create } from "zustand";
import { useAct } from "../state/actions";

const useAsked = create<{ item: LineItem | null; open: boolean }>(() => ({ item: null, open: false }));

export function askToCancel(item: LineItem): void {
  useAsked.setState({ item, open: true });
}

/** Beside the table, not in a row: rows come and go while it is open. */
export function CancelDialog() {
  const { item, open } = useAsked();
  const act = useAct();
  if (!item) return null;
  const unchanged = "It had ended already.";
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => useAsked.setState({ open: next })}
      title="Cancel this ticket?"
      confirm="Cancel ticket"
      keep="Keep it"
      onConfirm={() => void act(`tickets/${item.ticket_id}/cancel`, { unchanged })}
    >
      {item.user} will see that the question was stopped. Text that was written so far is kept.
    </ConfirmDialog>
  );
}
