"""Whose rights were changed. One row per user, so that no mark is ever forgotten."""

STATEMENTS = (
    "CREATE TABLE revocations (user_id TEXT PRIMARY KEY, mark INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX revocations_mark ON revocations (mark)",
)
