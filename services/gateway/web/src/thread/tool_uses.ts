import { LIVE_PHASES, type ThreadMessage, type TicketView, type ToolCallView } from "@tokenline/client";

/** A tool that was used for an answer, live or as stored. */
export interface ToolUse {
  id: string;
  name: string;
  status: ToolCallView["status"];
  /** JSON as the model wrote it; nobody has looked at it. */
  arguments: string;
  /** What came of it, or why nothing did. */
  summary: string | null;
  duration_s: number | null;
}

export interface Words {
  said: string;
  /** What came of it, or what went wrong. */
  result: string | null;
}

const STOPPED = "It was stopped.";

/** Of a stored answer; calls that a program was to carry out itself are none of them. */
export function usesOf({ tool_calls }: ThreadMessage): ToolUse[] {
  return (tool_calls ?? []).flatMap(({ id, name, arguments: written, outcome }) =>
    outcome ? [{ id, name, arguments: written, ...outcome }] : [],
  );
}

/** Of an answer on its way. What was under way when it ended was stopped. */
export function usesIn(ticket: TicketView | null): ToolUse[] {
  return (ticket?.toolCalls ?? []).map(({ call_id, name, status, detail }) => {
    const stopped = status === "started" && !LIVE_PHASES.has(ticket!.phase);
    const { arguments: written, summary, duration_s } = detail;
    return {
      id: call_id,
      name,
      status: stopped ? "failed" : status,
      arguments: written,
      summary: stopped ? STOPPED : summary,
      duration_s,
    };
  });
}

/** What a use is called: what is being done, was done, or could not be. */
export function wordsOf({ name, status, arguments: written, summary }: ToolUse): Words {
  const verbs = VERBS[name] ?? OTHERS(name.replaceAll("_", " "));
  return { said: `${verbs[status]}${about(name, written)}`, result: summary };
}

type Verbs = Record<ToolUse["status"], string>;

const VERBS: Record<string, Verbs> = {
  search_files: { started: "Searching files", completed: "Searched files", failed: "Could not search files" },
  current_time: { started: "Looking up the time", completed: "Looked up the time", failed: "Could not look up the time" },
};
const OTHERS = (name: string): Verbs => ({ started: `Using ${name}`, completed: `Used ${name}`, failed: `Could not use ${name}` });

function about(name: string, written: string): string {
  if (name === "search_files") {
    const query = argument(written, "query");
    return query ? ` for “${query}”` : "";
  }
  const zone = name === "current_time" ? argument(written, "timezone") : null;
  return zone ? ` in ${zone.replace(/^.*\//, "").replaceAll("_", " ")}` : "";
}

const SHOWN = 160;

function argument(written: string, name: string): string | null {
  try {
    const value: unknown = (JSON.parse(written) as Record<string, unknown> | null)?.[name];
    if (typeof value !== "string" || !value.trim()) return null;
    const line = value.trim().replace(/\s+/g, " ");
    return line.length > SHOWN ? `${[...line].slice(0, SHOWN).join("").trimEnd()}…` : line;
  } catch {
    return null;
  }
}
