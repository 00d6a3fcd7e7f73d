import { cx } from "@tokenline/client/ui";
import type { ReactNode } from "react";

interface Props {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}

export function Panel({ title, aside, children, className }: Props) {
  return (
    <section className={cx("flex min-w-0 flex-col rounded-2xl border border-line bg-raised", className)}>
      <header className="flex min-h-13 flex-wrap items-center gap-3 px-5 py-2">
        <h2 className="text-sm font-semibold tracking-tight">{title}</h2>
        <div className="flex w-full flex-wrap items-center gap-2 sm:w-auto sm:flex-1 sm:justify-end">{aside}</div>
      </header>
      {children}
    </section>
  );
}
