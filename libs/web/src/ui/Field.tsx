import { type ComponentProps, useId } from "react";
import { cx } from "./cx";

export const FIELD =
  "w-full rounded-[10px] border border-line-strong bg-raised px-3 text-sm text-ink placeholder:text-ink-faint " +
  "transition-colors focus:border-accent focus:outline-none focus:ring-3 focus:ring-accent/15";

export function Field({ label, className, ...rest }: ComponentProps<"input"> & { label: string }) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-[13px] font-medium text-ink-soft">
        {label}
      </label>
      <input id={id} className={cx(FIELD, "h-10", className)} {...rest} />
    </div>
  );
}
