import { plural } from "@tokenline/client/ui";
import { useDeferredValue, useState } from "react";
import { Panel } from "../shell/Panel";
import type { LineFilter } from "../state/api";
import { CancelDialog } from "./CancelDialog";
import { LineFilters } from "./LineFilters";
import { LineTable } from "./LineTable";
import { useLine } from "./useLine";
import { UserView } from "./UserView";

interface Props {
  filter: LineFilter;
  onFilter: (filter: LineFilter) => void;
  pools: string[];
}

/** The line itself. */
export function LineSection({ filter, onFilter, pools }: Props) {
  const line = useLine(useDeferredValue(filter));
  const [user, setUser] = useState<string | null>(null);
  const count = line.total ?? line.items.length;
  return (
    <Panel
      title="The line"
      aside={
        <>
          <span className="mr-auto text-[13px] text-ink-faint tabular-nums">
            {plural(count, "ticket")}
            {line.total === null && line.more && " and more"}
          </span>
          <LineFilters filter={filter} onFilter={onFilter} pools={pools} />
        </>
      }
    >
      <LineTable line={line} onUser={setUser} />
      <UserView user={user} onClose={() => setUser(null)} />
      <CancelDialog />
    </Panel>
  );
}
