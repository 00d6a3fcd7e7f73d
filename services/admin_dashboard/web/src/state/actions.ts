import { say } from "@tokenline/client/ui";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import type { Action } from "./api";
import { api } from "./client";
import { RECORDS } from "./records";

interface Options {
  /** For a ticket's other pool. */
  pool?: string;
  /** What is said when it was so already. */
  unchanged?: string;
}

/** Acts, and tells what did not come of it. What came of it is shown by the board, when the server says so. */
async function act(queries: QueryClient, action: Action, { pool, unchanged }: Options): Promise<boolean> {
  try {
    const { outcome } = await api.act(action, pool === undefined ? undefined : { pool });
    if (outcome === "unchanged" && unchanged) say(unchanged);
    return true;
  } catch (error) {
    say(error);
    return false;
  } finally {
    void queries.invalidateQueries({ queryKey: RECORDS });
  }
}

/** False: the server refused. */
export type Act = (action: Action, options?: Options) => Promise<boolean>;

export function useAct(): Act {
  const queries = useQueryClient();
  return useCallback((action, options = {}) => act(queries, action, options), [queries]);
}
