"""What stands for a file's content, where it was read since."""

STATEMENTS = (
    "ALTER TABLE attachments ADD COLUMN content TEXT",
    "CREATE INDEX attachments_content ON attachments (content, created_at) WHERE content IS NOT NULL",
)
