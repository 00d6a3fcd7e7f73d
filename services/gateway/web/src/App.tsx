import { SignIn, useAccount, useProviderReturn, useSignIn } from "@tokenline/client/ui";
import { lazy, Suspense } from "react";
import { useRoute } from "wouter";
import { session } from "./state/client";

const SharePage = lazy(() => import("./share/SharePage"));
const Shell = lazy(() => import("./shell/Shell").then((module) => ({ default: module.Shell })));

export function App() {
  const [shared, params] = useRoute("/s/:token");
  if (!shared) return <Own />;
  return (
    <Suspense fallback={<div className="h-full bg-page" />}>
      <SharePage token={params.token} />
    </Suspense>
  );
}

/** The page of whoever is, or will be, signed in. */
function Own() {
  const signIn = useSignIn(session);
  const account = useAccount(session);
  const { busy, problem } = useProviderReturn(session);
  if (signIn === "in") {
    return (
      <Suspense fallback={<div className="h-full bg-page" />}>
        <Shell key={account} />
      </Suspense>
    );
  }
  if (busy) return <div className="h-full bg-page" />;
  return (
    <SignIn
      session={session}
      problem={problem}
      title="Welcome to Tokenline"
      subtitle="Ask, see your place in line, and get your answer."
      notice={signIn === "expired" ? "Your sign-in has expired. Sign in again: your drafts are still here." : undefined}
      mayRegister
    />
  );
}
