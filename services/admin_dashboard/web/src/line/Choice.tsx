import { cx } from "@tokenline/client/ui";
import { Check, ChevronDown } from "lucide-react";
import { DropdownMenu } from "radix-ui";

interface Props<T extends string> {
  label: string;
  /** What the empty choice is called. */
  all: string;
  options: T[];
  value: T | "";
  onChange: (value: T | "") => void;
}

export function Choice<T extends string>({ label, all, options, value, onChange }: Props<T>) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger
        aria-label={`${label}: ${value || all}`}
        className={cx(
          "flex h-8 items-center gap-1.5 rounded-[10px] border px-3 text-[13px] font-medium transition-colors hover:bg-sunken",
          value ? "border-accent text-accent" : "border-line-strong text-ink-soft",
        )}
      >
        {value || all}
        <ChevronDown className="size-3.5 opacity-60" aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          className="z-50 min-w-40 animate-fade rounded-xl border border-line bg-raised p-1 text-sm shadow-soft"
        >
          <DropdownMenu.RadioGroup value={value} onValueChange={(next) => onChange(next as T | "")}>
            {["" as const, ...options].map((option) => (
              <DropdownMenu.RadioItem
                key={option}
                value={option}
                className="flex h-8 items-center justify-between gap-4 rounded-lg px-2.5 outline-none select-none data-highlighted:bg-sunken"
              >
                {option || all}
                <DropdownMenu.ItemIndicator>
                  <Check className="size-4 text-accent" aria-hidden />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
