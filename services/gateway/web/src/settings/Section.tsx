import type { ReactNode } from "react";

interface Props {
  title: string;
  about: ReactNode;
  children: ReactNode;
}

/** One page of the settings. */
export function Section({ title, about, children }: Props) {
  return (
    <section aria-label={title}>
      <h3 className="text-[15px] font-semibold">{title}</h3>
      <p className="mt-1 mb-5 text-[13px] leading-relaxed text-ink-faint">{about}</p>
      {children}
    </section>
  );
}
