import { ConfirmDialog } from "@tokenline/client/ui/dialog";

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  onDelete: () => void;
}

export function DeleteDialog({ open, onOpenChange, title, onDelete }: Props) {
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title="Delete this conversation?"
      confirm="Delete"
      keep="Keep it"
      onConfirm={onDelete}
    >
      “{title || "New chat"}” and its files will be gone for good.
    </ConfirmDialog>
  );
}
