import type { Board, HistoryPoint } from "@tokenline/client";
import { create } from "zustand";
import { api } from "./client";

const SPAN_S = 3600;
const STEP_S = 5;

/** The last hour, oldest first; one point per pool and 5 s. */
export const useHistory = create<{ points: HistoryPoint[] }>(() => ({ points: [] }));

export async function loadHistory(): Promise<void> {
  const { items } = await api.history();
  useHistory.setState({ points: items });
}

/** Goes on with what the board tells, so that the chart needs no polling. */
export function remember(board: Board): void {
  const { points } = useHistory.getState();
  const last = points.at(-1);
  if (last && board.at - last.at < STEP_S) return;
  const fresh = board.pools.map(({ pool, waiting, running }) => ({ at: board.at, pool, waiting, running }));
  useHistory.setState({ points: [...points.filter(({ at }) => at > board.at - SPAN_S), ...fresh] });
}

export interface Series {
  at: number[];
  /** By pool: waiting at each time; `null` where the pool was not told of. */
  waiting: Record<string, (number | null)[]>;
}

/** Points as columns on one axis of times. */
export function seriesOf(points: HistoryPoint[]): Series {
  const at = [...new Set(points.map((point) => Math.round(point.at)))].sort((a, b) => a - b);
  const place = new Map(at.map((time, index) => [time, index]));
  const waiting: Series["waiting"] = {};
  for (const point of points) {
    const column = (waiting[point.pool] ??= new Array<number | null>(at.length).fill(null));
    column[place.get(Math.round(point.at))!] = point.waiting;
  }
  return { at, waiting };
}
