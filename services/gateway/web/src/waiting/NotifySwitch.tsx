import { Button, cx, say } from "@tokenline/client/ui";
import { Bell, BellOff, BellRing } from "lucide-react";
import { canNotify, setNotify, useNotify } from "../state/notify";

/** Whether the browser tells of answers while the page is not in sight; for all questions of this account. */
export function NotifySwitch() {
  const { wanted, problem } = useNotify();
  if (!canNotify()) return null;
  const Icon = wanted ? BellRing : problem ? BellOff : Bell;
  return (
    <Button
      kind="ghost"
      role="switch"
      aria-checked={wanted}
      aria-label="Notify me"
      title={wanted ? "You get a notification when the answer is ready" : "Get a notification when the answer is ready"}
      className={cx("h-8 gap-1.5 px-2.5 text-[13px]", wanted && "bg-accent-soft text-accent!")}
      onClick={() => void setNotify(!wanted).catch(say)}
    >
      <Icon className="size-3.5" aria-hidden />
      <span className="hidden sm:inline">Notify me</span>
    </Button>
  );
}

/** Why not, where it was asked for in vain. */
export function NotifyProblem() {
  const problem = useNotify((wish) => wish.problem);
  return (
    <p role="status" className="border-t border-line bg-panel/60 px-5 py-2 text-[13px] text-warn empty:hidden">
      {problem}
    </p>
  );
}
