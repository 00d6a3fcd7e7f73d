import type { Thread, ThreadMessage } from "./types";

/** After a question was accepted or heard of. `answerId`: where its answer will stand; `null`: not known. */
export function asked(thread: Thread, question: ThreadMessage, answerId: string | null): Thread {
  const at = thread.path.indexOf(question.id);
  if (at >= 0) return answerId ? askedAgain(thread, at, question, answerId) : thread;
  const above = pathTo(thread, question);
  const leafId = answerId ?? thread.leafId;
  if (above) return { ...thread, path: [...above, question.id], leafId };
  // It continues what is not here: shown by its depth until the path has been read.
  const kept = thread.path.filter((id) => (find(thread, id)?.depth ?? 0) < question.depth);
  return { ...thread, path: [...kept, question.id], leafId, stale: thread.loaded || thread.stale };
}

/** After an answer was written: under its question, unless the path runs through another one. */
export function answeredOn(thread: Thread, answer: ThreadMessage): Thread {
  const at = answer.parent_id ? thread.path.indexOf(answer.parent_id) : -1;
  if (at < 0 || thread.path.includes(answer.id)) return thread;
  const above = thread.path.slice(0, at + 1);
  if (isAnswer(thread, thread.path[at + 1])) {
    return thread.leafId === answer.id ? { ...thread, path: [...above, answer.id] } : thread;
  }
  return { ...thread, path: [...above, answer.id, ...thread.path.slice(at + 1)] };
}

/** After the end of the path was read. What is above its first message is the same on every path through it. */
export function readEnd(thread: Thread, items: ThreadMessage[], leafId: string | null, next: string | null): Thread {
  const read = items.map(({ id }) => id);
  const at = read.length ? thread.path.indexOf(read[0]!) : -1;
  const path = [...thread.path.slice(0, Math.max(at, 0)), ...read];
  const end = { path, leafId };
  const here = new Set(path);
  for (const id of thread.path) {
    // What came while the page was on its way.
    const later = here.has(id) ? undefined : find(thread, id);
    if (!later) continue;
    if (later.role === "assistant" ? id !== end.leafId : later.parent_id !== end.leafId) continue;
    end.path.push(id);
    if (later.role === "user") end.leafId = thread.leafId;
  }
  return { ...thread, ...end, older: at > 0 || (at === 0 && thread.loaded) ? thread.older : next };
}

export function readAbove(thread: Thread, items: ThreadMessage[], next: string | null): Thread {
  const above = items.map(({ id }) => id).filter((id) => !thread.path.includes(id));
  return { ...thread, path: [...above, ...thread.path], older: next };
}

/** The messages that stand in each other's place, oldest first; one alone where there is no other. */
export function alternativesOf(thread: Thread, message: ThreadMessage): string[] {
  const known = thread.messages.filter((one) => one.role === message.role && one.parent_id === message.parent_id);
  // Ids rise with the time at which they were chosen.
  return [...new Set([message.id, ...known.flatMap(({ id, alternatives = [] }) => [id, ...alternatives])])].sort();
}

/** Whether a question has an answer, on the path or beside it. */
export function hasAnswer(thread: Thread, questionId: string): boolean {
  return thread.messages.some(({ role, parent_id }) => role === "assistant" && parent_id === questionId);
}

function askedAgain(thread: Thread, at: number, question: ThreadMessage, answerId: string): Thread {
  const next = thread.path[at + 1];
  if (!isAnswer(thread, next)) return thread;
  const above = thread.path.slice(0, at + 1);
  // The same answer written anew leaves what follows in place; another one begins a branch.
  if (next !== answerId) return { ...thread, path: above, leafId: answerId };
  const written = find(thread, next)?.ticket_id === question.ticket_id;
  return written ? thread : { ...thread, path: [...above, ...thread.path.slice(at + 2)] };
}

/** The path above a question; `null`: it is not known. */
function pathTo(thread: Thread, question: ThreadMessage): string[] | null {
  const { path, leafId } = thread;
  if (question.parent_id === null) return [];
  const parent = path.indexOf(question.parent_id);
  if (parent >= 0) return path.slice(0, parent + 1);
  if (question.parent_id === leafId || path.length === 0) return path;
  const beside = path.findIndex((id) => {
    const other = find(thread, id);
    return other?.role === "user" && other.parent_id === question.parent_id;
  });
  return beside >= 0 ? path.slice(0, beside) : null;
}

function isAnswer(thread: Thread, id: string | undefined): boolean {
  return id !== undefined && find(thread, id)?.role === "assistant";
}

function find(thread: Thread, id: string): ThreadMessage | undefined {
  return thread.messages.find((message) => message.id === id);
}
