import type { ApiKeyCard } from "@tokenline/client";
import { Button, Notice, Spinner, when } from "@tokenline/client/ui";
import { useState } from "react";
import { CopyButton } from "../thread/CopyButton";
import { account } from "../state/client";
import { NewKey } from "./NewKey";
import { useChange, useKeys } from "./queries";
import { SCOPES } from "./scopes";
import { Section } from "./Section";

export function Keys() {
  const { data, isPending, isError, refetch } = useKeys();
  const revoke = useChange((id: string) => account.revokeKey(id));
  const [made, setMade] = useState<{ name: string; key: string } | null>(null);
  return (
    <Section title="API keys" about="For programs that ask in your name. No key can manage your account or make others.">
      {revoke.problem && <Notice tone="bad" className="mb-4">{revoke.problem}</Notice>}
      {made && (
        <div role="status" className="mb-5 rounded-xl bg-accent-soft px-4 py-3">
          <p className="text-[13px] text-ink-soft">
            Copy the key “{made.name}” now. It is not shown again.
          </p>
          <div className="mt-1.5 flex items-center gap-2">
            <code className="min-w-0 flex-1 truncate font-mono text-[13px] select-all">{made.key}</code>
            <CopyButton text={made.key} label="Copy the key" />
          </div>
        </div>
      )}
      <NewKey onMade={setMade} />
      {isPending && <Spinner className="size-5 text-ink-faint" />}
      {isError && (
        <Notice tone="bad" action="Try again" onAction={() => void refetch()}>
          Your keys could not be read.
        </Notice>
      )}
      <ul className="divide-y divide-line rounded-xl border border-line empty:hidden">
        {data?.items.map((key) => (
          <Row key={key.id} one={key} busy={revoke.isPending} onRevoke={() => revoke.mutate(key.id)} />
        ))}
      </ul>
    </Section>
  );
}

function Row({ one, busy, onRevoke }: { one: ApiKeyCard; busy: boolean; onRevoke: () => void }) {
  const over = one.expires_at !== null && one.expires_at * 1000 <= Date.now();
  const may = SCOPES.filter(({ scope }) => one.scopes.includes(scope)).map(({ name }) => name.toLowerCase());
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm font-medium">{one.name}</p>
        <p className="text-[13px] text-ink-faint">
          {may.join(", ")} · {one.used_at === null ? "never used" : `last used ${when(one.used_at)}`}
          {one.expires_at !== null && (
            <span className={over ? "text-bad" : undefined}>
              {over ? " · expired" : ` · until ${when(one.expires_at)}`}
            </span>
          )}
        </p>
      </div>
      <Button className="h-8 px-3" disabled={busy} onClick={onRevoke} aria-label={`Revoke ${one.name}`}>
        Revoke
      </Button>
    </li>
  );
}
