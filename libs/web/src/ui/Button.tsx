import type { ComponentProps } from "react";
import { cx } from "./cx";

const KINDS = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong disabled:opacity-50",
  quiet: "border border-line-strong bg-raised text-ink hover:bg-sunken disabled:opacity-50",
  ghost: "text-ink-soft hover:bg-sunken hover:text-ink disabled:opacity-40",
  danger: "bg-bad-soft text-bad hover:bg-bad hover:text-page disabled:opacity-50",
};

type Props = ComponentProps<"button"> & { kind?: keyof typeof KINDS };

export function Button({ kind = "quiet", className, type = "button", ...rest }: Props) {
  return (
    <button
      type={type}
      className={cx(
        "inline-flex h-9 items-center justify-center gap-2 rounded-[10px] px-3.5 text-sm font-medium",
        "transition-colors duration-150 select-none",
        KINDS[kind],
        className,
      )}
      {...rest}
    />
  );
}
