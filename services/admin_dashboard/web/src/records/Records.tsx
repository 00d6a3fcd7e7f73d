import { cx } from "@tokenline/client/ui";
import { Tabs } from "radix-ui";
import { type Tab, useDeadLetterCount, useTab } from "../state/records";
import { Audit } from "./Audit";
import { DeadLetters } from "./DeadLetters";
import { FeedbackList } from "./FeedbackList";
import { Truth } from "./Truth";

const TAB =
  "flex h-13 items-center gap-2 border-b-2 px-2 border-transparent text-sm font-medium text-ink-faint transition-colors " +
  "hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-accent data-[state=active]:text-ink";

const ID = "records";

export function openRecords(tab: Tab): void {
  useTab.setState({ tab });
  document.getElementById(ID)?.scrollIntoView({ behavior: "smooth", block: "start" });
}

/** What stays when the line has moved on. */
export function Records() {
  const tab = useTab((open) => open.tab);
  const dead = useDeadLetterCount();
  return (
    <Tabs.Root
      id={ID}
      value={tab}
      onValueChange={(next) => useTab.setState({ tab: next as Tab })}
      className="min-w-0 rounded-2xl border border-line bg-raised"
    >
      <Tabs.List aria-label="Records" className="flex gap-2 overflow-x-auto px-3">
        <Tabs.Trigger value="dead-letters" className={TAB}>
          Dead letters
          {dead !== null && (
            <span
              className={cx(
                "rounded-full px-2 text-xs leading-5 tabular-nums",
                dead === "0" ? "bg-sunken text-ink-faint" : "bg-bad-soft text-bad",
              )}
            >
              {dead}
            </span>
          )}
        </Tabs.Trigger>
        <Tabs.Trigger value="truth" className={TAB}>
          Truth
        </Tabs.Trigger>
        <Tabs.Trigger value="audit" className={TAB}>
          Audit
        </Tabs.Trigger>
        <Tabs.Trigger value="feedback" className={TAB}>
          Feedback
        </Tabs.Trigger>
      </Tabs.List>
      <div className="border-t border-line">
        <Tabs.Content value="dead-letters" tabIndex={-1}>
          <DeadLetters />
        </Tabs.Content>
        <Tabs.Content value="truth" tabIndex={-1}>
          <Truth />
        </Tabs.Content>
        <Tabs.Content value="audit" tabIndex={-1}>
          <Audit />
        </Tabs.Content>
        <Tabs.Content value="feedback" tabIndex={-1}>
          <FeedbackList />
        </Tabs.Content>
      </div>
    </Tabs.Root>
  );
}
