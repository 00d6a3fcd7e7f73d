import { cx, Spinner } from "@tokenline/client/ui";
import { Clock3, type LucideIcon, Search, TriangleAlert, Wrench } from "lucide-react";
import { type ToolUse, wordsOf } from "./tool_uses";

interface Props {
  uses: ToolUse[];
  /** The model has the results, and has not begun to write. */
  reading?: boolean;
}

/** What was looked up for an answer, above its text. */
export function ToolCalls({ uses, reading = false }: Props) {
  if (uses.length === 0) return null;
  const busy = uses.some(({ status }) => status === "started");
  return (
    <ul aria-label="Looked up" className="mb-4 space-y-2 border-l-2 border-line pl-3.5 text-[13px] leading-snug text-ink-soft">
      {uses.map((use) => (
        <Use key={use.id} use={use} />
      ))}
      {reading && !busy && (
        <li className="flex animate-rise items-center gap-2 text-ink-faint">
          <Spinner className="size-3.5 shrink-0" label="Under way" />
          <span className="animate-breathe">Reading the results</span>
        </li>
      )}
    </ul>
  );
}

const ICONS: Record<string, LucideIcon> = { search_files: Search, current_time: Clock3 };

function Use({ use }: { use: ToolUse }) {
  const { said, result } = wordsOf(use);
  const { name, status, duration_s } = use;
  const Icon = status === "failed" ? TriangleAlert : (ICONS[name] ?? Wrench);
  return (
    <li className="flex animate-rise gap-2" title={duration_s ? `${duration_s.toFixed(duration_s < 1 ? 2 : 1)} s` : undefined}>
      {status === "started" ? (
        <Spinner className="mt-0.5 size-3.5 shrink-0" label="Under way" />
      ) : (
        <Icon className={cx("mt-0.5 size-3.5 shrink-0", status === "failed" ? "text-warn" : "text-ink-faint")} aria-hidden />
      )}
      <span className={cx("min-w-0 wrap-anywhere", status === "started" && "animate-breathe")}>
        {said}
        {result && <span className="text-ink-faint">{status === "failed" ? `. ${result}` : ` · ${result}`}</span>}
      </span>
    </li>
  );
}
