import { Button } from "@tokenline/client/ui";
import { AlertDialog } from "radix-ui";

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  onDelete: () => void;
}

export function DeleteDialog({ open, onOpenChange, title, onDelete }: Props) {
  return (
    <AlertDialog.Root open={open} onOpenChange={onOpenChange}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="fixed inset-0 z-40 animate-fade bg-black/40" />
        <AlertDialog.Content className="fixed top-1/2 left-1/2 z-50 w-[min(420px,92vw)] -translate-1/2 rounded-2xl border border-line bg-raised p-6 shadow-soft">
          <AlertDialog.Title className="text-base font-semibold">Delete this conversation?</AlertDialog.Title>
          <AlertDialog.Description className="mt-2 text-sm text-ink-soft">
            “{title || "New chat"}” and its files will be gone for good.
          </AlertDialog.Description>
          <div className="mt-6 flex justify-end gap-2">
            <AlertDialog.Cancel asChild>
              <Button>Keep it</Button>
            </AlertDialog.Cancel>
            <AlertDialog.Action asChild>
              <Button kind="danger" onClick={onDelete}>
                Delete
              </Button>
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
