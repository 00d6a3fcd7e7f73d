import type { Scope } from "@tokenline/client";
import { Button, cx, FIELD, Field, Notice } from "@tokenline/client/ui";
import { type FormEvent, useId } from "react";
import { account } from "../state/client";
import { useChange, useMe } from "./queries";
import { SCOPES } from "./scopes";

interface Wanted {
  name: string;
  scopes: Scope[];
  days: number | null;
}

/** Makes a key; the key itself goes to `onMade`, this once. */
export function NewKey({ onMade }: { onMade: (made: { name: string; key: string }) => void }) {
  const me = useMe();
  const expiry = useId();
  const create = useChange(({ name, scopes, days }: Wanted) => account.createKey(name, scopes, days));

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const days = Number(given.get("days"));
    const wanted = { name: String(given.get("name")).trim(), scopes: given.getAll("scope") as Scope[], days: days || null };
    await create.mutateAsync(wanted).then(
      (made) => {
        onMade(made);
        form.reset();
      },
      () => undefined,
    );
  }

  return (
    <form onSubmit={submit} className="mb-5 space-y-3 rounded-xl border border-line bg-panel p-4">
      {create.problem && <Notice tone="bad">{create.problem}</Notice>}
      <div className="flex gap-3">
        <div className="min-w-0 flex-1">
          <Field label="Name" name="name" maxLength={100} placeholder="What it is for" required />
        </div>
        <div className="w-32 shrink-0">
          <label htmlFor={expiry} className="mb-1.5 block text-[13px] font-medium text-ink-soft">
            Expires
          </label>
          <select id={expiry} name="days" defaultValue="90" className={cx(FIELD, "h-10")}>
            <option value="30">in 30 days</option>
            <option value="90">in 90 days</option>
            <option value="365">in a year</option>
            <option value="0">never</option>
          </select>
        </div>
      </div>
      <fieldset className="space-y-1.5">
        <legend className="sr-only">What the key may do</legend>
        {SCOPES.filter(({ scope }) => scope !== "admin" || me?.role === "admin").map(({ scope, name, about }) => (
          <label key={scope} className="flex items-center gap-2.5 text-sm">
            <input type="checkbox" name="scope" value={scope} defaultChecked={scope === "chat"} className="accent-accent" />
            <span className="font-medium">{name}</span>
            <span className="text-[13px] text-ink-faint">{about}</span>
          </label>
        ))}
      </fieldset>
      <Button kind="primary" type="submit" disabled={create.isPending}>
        Create key
      </Button>
    </form>
  );
}
