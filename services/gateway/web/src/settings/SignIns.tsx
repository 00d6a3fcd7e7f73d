import type { SignInCard } from "@tokenline/client";
import { Button, Notice, Spinner, when } from "@tokenline/client/ui";
import { Monitor, Smartphone, SquareTerminal } from "lucide-react";
import { account } from "../state/client";
import { useChange, useSignIns } from "./queries";
import { Section } from "./Section";

export function SignIns() {
  const { data, isPending, isError, refetch } = useSignIns();
  const endOne = useChange((id: string) => account.endSignIn(id));
  const endOthers = useChange(() => account.endOtherSignIns());
  const problem = endOne.problem ?? endOthers.problem;
  const others = data?.items.filter((one) => !one.current).length ?? 0;
  return (
    <Section title="Where you are signed in" about="What you end here is signed out within seconds.">
      {problem && <Notice tone="bad" className="mb-4">{problem}</Notice>}
      {isPending && <Spinner className="size-5 text-ink-faint" />}
      {isError && (
        <Notice tone="bad" action="Try again" onAction={() => void refetch()}>
          Your sign-ins could not be read.
        </Notice>
      )}
      <ul className="divide-y divide-line rounded-xl border border-line empty:hidden">
        {data?.items.map((one) => (
          <Row key={one.id} one={one} busy={endOne.isPending} onEnd={() => endOne.mutate(one.id)} />
        ))}
      </ul>
      {others > 0 && (
        <Button kind="danger" className="mt-4" disabled={endOthers.isPending} onClick={() => endOthers.mutate(undefined)}>
          Sign out everywhere else
        </Button>
      )}
    </Section>
  );
}

function Row({ one, busy, onEnd }: { one: SignInCard; busy: boolean; onEnd: () => void }) {
  const Icon = /Android|iPhone|iPad/.test(one.agent) ? Smartphone : / on /.test(one.agent) ? Monitor : SquareTerminal;
  const name = one.agent || "Unknown program";
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <Icon className="size-5 shrink-0 text-ink-faint" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm font-medium">{name}</p>
        <p className="text-[13px] text-ink-faint">
          {one.current ? <span className="text-accent">This one</span> : one.used_at > 0 ? `Last used ${when(one.used_at)}` : "Signed in earlier"}
          {one.created_at > 0 && ` · since ${when(one.created_at)}`}
        </p>
      </div>
      {!one.current && (
        <Button className="h-8 px-3" disabled={busy} onClick={onEnd} aria-label={`Sign out ${name}`}>
          Sign out
        </Button>
      )}
    </li>
  );
}
