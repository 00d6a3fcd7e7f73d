import { SignIn, useAccount, useSignIn } from "@tokenline/client/ui";
import { lazy, Suspense } from "react";
import { session } from "./state/client";

const Shell = lazy(() => import("./shell/Shell").then((module) => ({ default: module.Shell })));

export function App() {
  const signIn = useSignIn(session);
  const account = useAccount(session);
  if (signIn === "in") {
    return (
      <Suspense fallback={<div className="h-full bg-page" />}>
        <Shell key={account} />
      </Suspense>
    );
  }
  return (
    <SignIn
      session={session}
      title="Welcome to Tokenline"
      subtitle="Ask, see your place in line, and get your answer."
      notice={signIn === "expired" ? "Your sign-in has expired. Sign in again: your drafts are still here." : undefined}
      mayRegister
    />
  );
}
