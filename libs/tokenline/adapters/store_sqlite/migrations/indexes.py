"""Indexes of passages, and which of them an attachment is in: 0 for all that were read before."""

STATEMENTS = (
    "CREATE TABLE index_state (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, doc TEXT NOT NULL)",
    "ALTER TABLE attachments ADD COLUMN index_no INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX attachments_indexed ON attachments (index_no) WHERE state = 'indexed'",
)
