import type { Board } from "@tokenline/client";
import { Workers } from "../workers/Workers";
import { Cards } from "./Cards";
import { LastHour } from "./LastHour";

interface Props {
  board: Board;
  chosen: string;
  onChoose: (pool: string) => void;
}

/** Up to so many pools leave room for the chart in their row. */
const FEW = 2;

export const pausedPools = (board: Board) => board.pools.filter(({ paused }) => paused).map(({ pool }) => pool);

export const hasFewPools = (board: Board) => board.pools.length <= FEW;

/** What stands above the line, kept low enough that the line's beginning is seen without scrolling. */
export function Overview({ board, chosen, onChoose }: Props) {
  const cards = <Cards pools={board.pools} chosen={chosen} onChoose={onChoose} />;
  if (hasFewPools(board)) {
    const two = board.pools.length === FEW;
    return (
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {cards}
        <LastHour className={two ? "sm:col-span-2 lg:col-span-1" : "lg:col-span-2"} />
      </div>
    );
  }
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">{cards}</div>
      <div className="grid gap-4 lg:grid-cols-[1fr_400px]">
        <LastHour />
        <Workers workers={board.workers} paused={pausedPools(board)} />
      </div>
    </>
  );
}
