import { type FormEvent, useState } from "react";
import { messageOf } from "../errors";
import type { ProviderButton as Offer } from "../generated/frames";
import type { Session } from "../session";
import { Button } from "./Button";
import { Field } from "./Field";
import { Logo } from "./Logo";
import { Notice } from "./Notice";
import { useSignInMethods } from "./provider";
import { Spinner } from "./Spinner";

interface Props {
  session: Session;
  title: string;
  subtitle: string;
  /** Shown above the form: why one is here again. */
  notice?: string;
  mayRegister?: boolean;
  /** What went wrong at the provider that the browser has come back from. */
  problem?: string | null;
}

/** Sign in, or register where that is offered. */
export function SignIn({ session, title, subtitle, notice, mayRegister = false, problem = null }: Props) {
  const [registering, setRegistering] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const methods = useSignInMethods();
  const told = error ?? problem;

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
          {notice && !told && <Notice tone="warn">{notice}</Notice>}
          {told && <Notice tone="bad">{told}</Notice>}
          {methods?.oidc && <ProviderButton {...methods.oidc} />}
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
        {mayRegister && methods?.registration_open !== false && (
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

/** Leads to the provider, and back to this very page. */
function ProviderButton({ label, start }: Offer) {
  const back = encodeURIComponent(location.pathname + location.search);
  return (
    <>
      <a
        href={`${start}?return_to=${back}`}
        className="flex h-10 w-full items-center justify-center rounded-[10px] border border-line-strong bg-raised px-3.5 text-sm font-medium text-ink transition-colors duration-150 hover:bg-sunken"
      >
        Continue with {label}
      </a>
      <p className="flex items-center gap-3 text-xs text-ink-faint before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
        or
      </p>
    </>
  );
}
