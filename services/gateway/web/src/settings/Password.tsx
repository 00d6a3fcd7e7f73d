import { Button, Field, Notice, Spinner } from "@tokenline/client/ui";
import type { FormEvent } from "react";
import { account } from "../state/client";
import { useChange, useMe } from "./queries";
import { Section } from "./Section";

export function Password() {
  const me = useMe();
  const change = useChange(({ present, next }: { present: string | null; next: string }) =>
    account.changePassword(present, next),
  );

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const present = me?.has_password ? String(given.get("present")) : null;
    await change.mutateAsync({ present, next: String(given.get("next")) }).then(
      () => form.reset(),
      () => undefined,
    );
  }

  return (
    <Section
      title={me?.has_password === false ? "Set a password" : "Change your password"}
      about="Everything else that is signed in to your account will be signed out. API keys go on working."
    >
      <form onSubmit={submit} className="max-w-sm space-y-4">
        {change.problem && <Notice tone="bad">{change.problem}</Notice>}
        {change.isSuccess && <Notice>Your password was changed.</Notice>}
        <input type="text" name="username" autoComplete="username" value={me?.email ?? ""} readOnly hidden />
        {me?.has_password !== false && (
          <Field label="Present password" name="present" type="password" autoComplete="current-password" required />
        )}
        <Field label="New password" name="next" type="password" autoComplete="new-password" minLength={8} required />
        <Button kind="primary" type="submit" disabled={change.isPending || !me}>
          {change.isPending && <Spinner className="size-4" label="Please wait" />}
          {me?.has_password === false ? "Set password" : "Change password"}
        </Button>
      </form>
    </Section>
  );
}
