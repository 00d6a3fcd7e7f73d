import type { TicketState } from "@tokenline/client";
import { cx, FIELD } from "@tokenline/client/ui";
import { Search } from "lucide-react";
import type { LineFilter } from "../state/api";
import { Choice } from "./Choice";

const STATES: TicketState[] = ["held", "queued", "processing", "streaming"];

interface Props {
  filter: LineFilter;
  onFilter: (filter: LineFilter) => void;
  pools: string[];
}

export function LineFilters({ filter, onFilter, pools }: Props) {
  return (
    <>
      <div className="relative w-full sm:w-56">
        <Search className="pointer-events-none absolute top-2 left-3 size-4 text-ink-faint" aria-hidden />
        <input
          type="search"
          aria-label="Search by user"
          placeholder="User"
          value={filter.user}
          onChange={(event) => onFilter({ ...filter, user: event.target.value })}
          className={cx(FIELD, "h-8 bg-panel pl-9")}
        />
      </div>
      <Choice
        label="Pool"
        all="All pools"
        options={pools}
        value={filter.pool}
        onChange={(pool) => onFilter({ ...filter, pool })}
      />
      <Choice
        label="State"
        all="All states"
        options={STATES}
        value={filter.state}
        onChange={(state) => onFilter({ ...filter, state })}
      />
    </>
  );
}
