const WORDS: Record<string, string> = {
  earlier_message: "Earlier message first",
  user_limit: "User's limit in line",
  indexing: "Reading files",
};

/** A hold's reason in words; what is already a sentence stays. */
export function reasonText(reason: string | null): string {
  return reason ? (WORDS[reason] ?? reason) : "";
}
