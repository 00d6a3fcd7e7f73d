"""Files that are being fetched from an address; done, they are in the index no more."""

STATEMENTS = (
    """CREATE INDEX attachments_fetched ON attachments (doc ->> '$.fetch_due_at')
        WHERE doc ->> '$.fetch_due_at' IS NOT NULL""",
)
