import type { ComponentProps } from "react";
import { cx } from "./cx";

/** An icon alone: `label` is its name for everybody who does not see it, and its tooltip. */
export function IconButton({ label, className, ...rest }: ComponentProps<"button"> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={cx(
        "grid size-9 shrink-0 place-items-center rounded-[10px] text-ink-soft transition-colors duration-150",
        "hover:bg-sunken hover:text-ink disabled:opacity-40 [&>svg]:size-[18px]",
        className,
      )}
      {...rest}
    />
  );
}
