import { cx, Notice, Toast } from "@tokenline/client/ui";
import { useEffect, useState } from "react";
import { hasFewPools, Overview, pausedPools } from "../board/Overview";
import { LineSection } from "../line/LineSection";
import { Records } from "../records/Records";
import { type LineFilter, NO_FILTER } from "../state/api";
import { session } from "../state/client";
import { startLive, useLive } from "../state/live";
import { Workers } from "../workers/Workers";
import { BoardSkeleton } from "./BoardSkeleton";
import { Header } from "./Header";

export function Dashboard() {
  useEffect(startLive, []);
  const board = useLive((live) => live.board);
  const refused = useLive((live) => live.refused);
  const few = board !== null && hasFewPools(board);
  const [filter, setFilter] = useState<LineFilter>(NO_FILTER);

  return (
    <div className="flex h-full flex-col bg-panel">
      <Header />
      <main className="relative min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto max-w-[1320px] space-y-4 p-4 md:p-6 2xl:max-w-[1640px]">
          {refused && (
            <Notice tone="bad" action="Sign out" onAction={() => session.signOut()}>
              {refused}
            </Notice>
          )}
          {board ? (
            <>
              <Overview board={board} chosen={filter.pool} onChoose={(pool) => setFilter({ ...filter, pool })} />
              <div className={cx("grid items-start gap-4", few && "2xl:grid-cols-[minmax(0,1fr)_360px]")}>
                <LineSection filter={filter} onFilter={setFilter} pools={board.pools.map(({ pool }) => pool)} />
                {few && <Workers workers={board.workers} paused={pausedPools(board)} />}
              </div>
              <Records />
            </>
          ) : (
            !refused && <BoardSkeleton />
          )}
        </div>
      </main>
      <Toast />
    </div>
  );
}
