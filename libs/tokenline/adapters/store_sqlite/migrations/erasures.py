"""Accounts that are being deleted, and the files of one owner."""

STATEMENTS = (
    "CREATE TABLE erasures (user_id TEXT PRIMARY KEY, asked_at REAL NOT NULL, doc TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX attachments_of_owner ON attachments (doc ->> '$.owner_id')",
)
