"""Webhooks and their deliveries."""

STATEMENTS = (
    """CREATE TABLE webhooks (
        id TEXT NOT NULL UNIQUE,
        owner_id TEXT NOT NULL,
        generation INTEGER NOT NULL,
        doc TEXT NOT NULL
    )""",
    "CREATE INDEX webhooks_of_owner ON webhooks (owner_id)",
    """CREATE TABLE deliveries (
        ticket_id TEXT NOT NULL UNIQUE,
        webhook_id TEXT NOT NULL,
        owner_id TEXT NOT NULL,
        created_at REAL NOT NULL,
        due_at REAL,
        version INTEGER NOT NULL,
        doc TEXT NOT NULL
    )""",
    "CREATE INDEX deliveries_due ON deliveries (due_at, owner_id) WHERE due_at IS NOT NULL",
    "CREATE INDEX deliveries_of_webhook ON deliveries (webhook_id, created_at DESC, ticket_id DESC)",
)
