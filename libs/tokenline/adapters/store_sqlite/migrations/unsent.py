"""Files that no message took; sent, they are in the index no more."""

STATEMENTS = (
    "ALTER TABLE attachments ADD COLUMN expired_at REAL",
    "CREATE INDEX attachments_unsent ON attachments (created_at) WHERE conversation_id IS NULL",
)
