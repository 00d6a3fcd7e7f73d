const WORDS: Record<string, string> = {
  earlier_message: "Earlier message first",
  user_limit: "User's limit in line",
  indexing: "Reading files",
  retrying: "Pause before another attempt",
};

/** A hold's reason in words; what is already a sentence stays. */
export function reasonText(reason: string | null): string {
  if (!reason) return "";
  return WORDS[reason] ?? reason.charAt(0).toUpperCase() + reason.slice(1);
}
