import type { ReactNode } from "react";
import { Button } from "./Button";
import { cx } from "./cx";

interface Props {
  tone?: "bad" | "warn" | "plain";
  children: ReactNode;
  action?: string;
  onAction?: () => void;
  className?: string;
}

const TONES = { bad: "bg-bad-soft text-bad", warn: "bg-warn-soft text-warn", plain: "bg-sunken text-ink-soft" };

/** One sentence that matters, and what can be done about it. */
export function Notice({ tone = "plain", children, action, onAction, className }: Props) {
  return (
    <div
      role={tone === "bad" ? "alert" : "status"}
      className={cx("flex items-center gap-3 rounded-xl px-4 py-2.5 text-sm", TONES[tone], className)}
    >
      <div className="min-w-0 flex-1">{children}</div>
      {action && (
        <Button kind="quiet" className="h-8 px-3" onClick={onAction}>
          {action}
        </Button>
      )}
    </div>
  );
}
