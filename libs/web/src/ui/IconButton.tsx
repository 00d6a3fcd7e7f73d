import type { ComponentProps } from "react";
import { cx } from "./cx";

type Props = ComponentProps<"button"> & { label: string; small?: boolean };

/** An icon alone: `label` is its name for everybody who does not see it, and its tooltip. */
export function IconButton({ label, small, className, ...rest }: Props) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={cx(
        "grid shrink-0 place-items-center rounded-[10px] text-ink-soft transition-colors duration-150",
        "hover:bg-sunken hover:text-ink disabled:opacity-40",
        small ? "size-8 [&>svg]:size-4" : "size-9 [&>svg]:size-[18px]",
        className,
      )}
      {...rest}
    />
  );
}
