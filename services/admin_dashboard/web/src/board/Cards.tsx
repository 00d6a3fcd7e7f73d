import type { PoolCard as Card } from "@tokenline/client";
import { PoolCard } from "./PoolCard";

interface Props {
  pools: Card[];
  chosen: string;
  onChoose: (pool: string) => void;
}

/** Cells of the grid they are put into. */
export function Cards({ pools, chosen, onChoose }: Props) {
  if (pools.length === 0) {
    return <p className="rounded-2xl border border-line bg-raised p-8 text-center text-ink-faint">No pool is known yet.</p>;
  }
  return (
    <ul className="contents">
      {pools.map((card) => (
        <li key={card.pool} className="min-w-0">
          <PoolCard
            card={card}
            chosen={chosen === card.pool}
            onChoose={() => onChoose(chosen === card.pool ? "" : card.pool)}
          />
        </li>
      ))}
    </ul>
  );
}
