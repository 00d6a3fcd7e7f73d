import { messageOf } from "@tokenline/client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { account, session } from "../state/client";

/** Of whoever is signed in: another account's must not be shown for a moment. */
const keyOf = (what: string) => ["account", session.email, what];

export function useMe() {
  return useQuery({ queryKey: keyOf("me"), queryFn: () => account.me() }).data;
}

export function useSignIns() {
  return useQuery({ queryKey: keyOf("sign-ins"), queryFn: () => account.signIns(), staleTime: 0 });
}

export function useKeys() {
  return useQuery({ queryKey: keyOf("keys"), queryFn: () => account.keys(), staleTime: 0 });
}

/** Does something to the account, then reads again what may have changed with it. */
export function useChange<A, R>(work: (given: A) => Promise<R>) {
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: work,
    onSuccess: () => queries.invalidateQueries({ queryKey: ["account"] }),
  });
  return { ...change, problem: change.error ? messageOf(change.error) : null };
}
