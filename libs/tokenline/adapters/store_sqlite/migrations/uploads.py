"""Uploads that are not finished."""

STATEMENTS = (
    """CREATE TABLE uploads (
        id TEXT NOT NULL UNIQUE,
        owner_id TEXT NOT NULL,
        expires_at REAL NOT NULL,
        version INTEGER NOT NULL,
        doc TEXT NOT NULL
    )""",
    "CREATE INDEX uploads_of_owner ON uploads (owner_id)",
    "CREATE INDEX uploads_expiring ON uploads (expires_at)",
)
