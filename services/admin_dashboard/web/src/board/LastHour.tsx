import { messageOf } from "@tokenline/client";
import { Notice } from "@tokenline/client/ui";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Panel } from "../shell/Panel";
import { loadHistory } from "../state/history";

const HistoryChart = lazy(() => import("./HistoryChart").then((module) => ({ default: module.HistoryChart })));

export function LastHour({ className }: { className?: string }) {
  const history = useQuery({
    queryKey: ["history"],
    queryFn: async () => {
      await loadHistory();
      return true;
    },
    staleTime: Infinity,
  });
  return (
    <Panel title="Waiting, last hour" className={className}>
      <div className="relative mx-3 mb-2 min-h-44 flex-1">
        {history.isError ? (
          <Notice tone="bad" action="Retry" onAction={() => void history.refetch()} className="mx-2">
            {messageOf(history.error)}
          </Notice>
        ) : (
          <Suspense fallback={null}>
            <HistoryChart />
          </Suspense>
        )}
      </div>
    </Panel>
  );
}
