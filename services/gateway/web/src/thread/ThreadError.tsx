import { Button } from "@tokenline/client/ui";
import { CloudOff } from "lucide-react";

export function ThreadError({ message, onRetry }: { message: string; onRetry: () => void }) {
  return (
    <div role="alert" className="flex min-h-0 flex-1 flex-col items-center justify-center gap-4 p-6 text-center">
      <span className="grid size-12 place-items-center rounded-2xl bg-sunken text-ink-faint">
        <CloudOff className="size-6" aria-hidden />
      </span>
      <div>
        <h2 className="font-semibold">This conversation could not be opened</h2>
        <p className="mt-1 text-sm text-ink-faint">{message}</p>
      </div>
      <Button onClick={onRetry}>Try again</Button>
    </div>
  );
}
