import { messageOf } from "@tokenline/client";
import { Notice, Spinner } from "@tokenline/client/ui";

/** In place of records that are not here yet, or cannot be had. */
export function Reading({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <div className="grid min-h-40 place-items-center p-6 text-ink-faint">
      {error ? (
        <Notice tone="bad" action="Retry" onAction={onRetry}>
          {messageOf(error)}
        </Notice>
      ) : (
        <Spinner className="size-5" />
      )}
    </div>
  );
}
