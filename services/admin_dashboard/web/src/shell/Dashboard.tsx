import { Notice } from "@tokenline/client/ui";
import { useEffect, useState } from "react";
import { Cards } from "../board/Cards";
import { LastHour } from "../board/LastHour";
import { LineSection } from "../line/LineSection";
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
  const [filter, setFilter] = useState<LineFilter>(NO_FILTER);

  return (
    <div className="flex h-full flex-col bg-panel">
      <Header />
      <main className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto max-w-[1320px] space-y-6 p-4 md:p-6">
          {refused && (
            <Notice tone="bad" action="Sign out" onAction={() => session.signOut()}>
              {refused}
            </Notice>
          )}
          {board ? (
            <>
              <Cards pools={board.pools} chosen={filter.pool} onChoose={(pool) => setFilter({ ...filter, pool })} />
              <div className="grid gap-6 lg:grid-cols-[1fr_400px]">
                <LastHour />
                <Workers workers={board.workers} />
              </div>
              <LineSection filter={filter} onFilter={setFilter} pools={board.pools.map(({ pool }) => pool)} />
            </>
          ) : (
            !refused && <BoardSkeleton />
          )}
        </div>
      </main>
    </div>
  );
}
