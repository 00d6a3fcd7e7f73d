import { type FormEvent, useState } from "react";
import { messageOf } from "../errors";
import type { Session } from "../session";
import { Button } from "./Button";
import { Field } from "./Field";
import { Logo } from "./Logo";
import { Notice } from "./Notice";
import { Spinner } from "./Spinner";

interface Props {
  session: Session;
  title: string;
  subtitle: string;
  /** Shown above the form: why one is here again. */
  notice?: string;
  mayRegister?: boolean;
}

/** Sign in, or register where that is offered. */
export function SignIn({ session, title, subtitle, notice, mayRegister = false }: Props) {
  const [registering, setRegistering] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const email = String(form.get("email")).trim();
    const password = String(form.get("password"));
    setBusy(true);
    setError(null);
    try {
      await (registering ? session.register(email, password) : session.signIn(email, password));
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
    }
  }

  return (
    <main className="grid h-full place-items-center overflow-y-auto bg-panel p-5">
      <div className="w-full max-w-[380px] animate-rise">
        <div className="mb-8 flex flex-col items-center text-center">
          <Logo className="mb-5 size-12" />
          <h1 className="text-[22px] font-semibold tracking-tight">{registering ? "Create an account" : title}</h1>
          <p className="mt-1 text-sm text-ink-faint">{subtitle}</p>
        </div>
        <form onSubmit={submit} className="space-y-4 rounded-2xl border border-line bg-raised p-6 shadow-soft">
          {notice && !error && <Notice tone="warn">{notice}</Notice>}
          {error && <Notice tone="bad">{error}</Notice>}
          <Field label="E-mail" name="email" type="email" autoComplete="username" required autoFocus />
          <Field
            label="Password"
            name="password"
            type="password"
            autoComplete={registering ? "new-password" : "current-password"}
            minLength={registering ? 8 : undefined}
            required
          />
          <Button kind="primary" type="submit" disabled={busy} className="h-10 w-full">
            {busy && <Spinner className="size-4" label="Please wait" />}
            {registering ? "Create account" : "Sign in"}
          </Button>
        </form>
        {mayRegister && (
          <p className="mt-5 text-center text-sm text-ink-faint">
            {registering ? "You have an account?" : "New here?"}{" "}
            <button
              type="button"
              className="font-medium text-accent hover:underline"
              onClick={() => {
                setRegistering(!registering);
                setError(null);
              }}
            >
              {registering ? "Sign in" : "Create an account"}
            </button>
          </p>
        )}
      </div>
    </main>
  );
}
