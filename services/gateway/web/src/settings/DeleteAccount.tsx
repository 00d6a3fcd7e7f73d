import { Button, Field, Notice } from "@tokenline/client/ui";
import { type FormEvent, useState } from "react";
import { account, session } from "../state/client";
import { useChange, useMe } from "./queries";
import { Section } from "./Section";

/** Asks for the address, letter by letter, and for the password: this cannot be taken back. */
export function DeleteAccount() {
  const me = useMe();
  const [typed, setTyped] = useState("");
  const remove = useChange((password: string | null) => account.deleteAccount(password));
  const email = me?.email ?? "";
  const sure = email !== "" && typed.trim().toLowerCase() === email;

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const password = me?.has_password ? String(new FormData(event.currentTarget).get("password")) : null;
    await remove.mutateAsync(password).then(
      () => session.signOut(),
      () => undefined,
    );
  }

  return (
    <Section
      title="Delete your account"
      about="Your conversations, files, API keys and webhooks are removed for good, and questions that still wait are stopped. Nobody can bring them back."
    >
      <form onSubmit={submit} className="max-w-sm space-y-4">
        {remove.problem && <Notice tone="bad">{remove.problem}</Notice>}
        <Field
          label={`Type ${email || "your address"} to confirm`}
          name="confirmation"
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          required
        />
        {me?.has_password !== false && (
          <Field label="Password" name="password" type="password" autoComplete="current-password" required />
        )}
        <Button kind="danger" type="submit" disabled={!sure || remove.isPending}>
          Delete my account
        </Button>
      </form>
    </Section>
  );
}
