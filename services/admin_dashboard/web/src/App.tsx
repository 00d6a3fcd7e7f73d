import { SignIn, useAccount, useProviderReturn, useSignIn } from "@tokenline/client/ui";
import { lazy, Suspense } from "react";
import { session } from "./state/client";

const Dashboard = lazy(() => import("./shell/Dashboard").then((module) => ({ default: module.Dashboard })));

export function App() {
  const signIn = useSignIn(session);
  const account = useAccount(session);
  const { busy, problem } = useProviderReturn(session);
  if (signIn === "in") {
    return (
      <Suspense fallback={<div className="h-full bg-panel" />}>
        <Dashboard key={account} />
      </Suspense>
    );
  }
  if (busy) return <div className="h-full bg-panel" />;
  return (
    <SignIn
      session={session}
      problem={problem}
      title="Tokenline administration"
      subtitle="Sign in with an administrator's account."
      notice={signIn === "expired" ? "Your sign-in has expired. Please sign in again." : undefined}
    />
  );
}
