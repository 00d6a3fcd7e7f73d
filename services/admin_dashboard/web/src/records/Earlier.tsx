import { Button } from "@tokenline/client/ui";

interface Props {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

/** The next page, if there is one. */
export function Earlier({ query }: Props) {
  if (!query.hasNextPage) return null;
  return (
    <div className="border-t border-line p-3 text-center">
      <Button kind="ghost" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        Show earlier
      </Button>
    </div>
  );
}
