"""The first tables. Indexes that serve the line are partial: they hold live tickets only."""

STATEMENTS = (
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO counters VALUES ('seq', 0), ('ping', 0)",
    """CREATE TABLE tickets (
        id TEXT NOT NULL UNIQUE,
        version INTEGER NOT NULL,
        state TEXT NOT NULL,
        live INTEGER NOT NULL,
        owner_id TEXT NOT NULL,
        conversation_id TEXT NOT NULL,
        pool TEXT NOT NULL,
        priority INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        queued_at REAL,
        published_at REAL,
        deadline_at REAL NOT NULL,
        lease TEXT,
        doc TEXT NOT NULL
    )""",
    "CREATE INDEX tickets_live ON tickets (state, owner_id) WHERE live = 1",
    "CREATE INDEX tickets_of_conversation ON tickets (conversation_id, live)",
    """CREATE INDEX tickets_unpublished ON tickets (priority DESC, seq)
        WHERE state = 'queued' AND published_at IS NULL""",
    "CREATE INDEX tickets_deadline ON tickets (deadline_at) WHERE state IN ('held', 'queued')",
    # Live tickets per pool, so that the bound is checked without counting; kept by triggers, so it cannot drift.
    "CREATE TABLE pool_counts (pool TEXT PRIMARY KEY, live INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TRIGGER ticket_added AFTER INSERT ON tickets BEGIN
        INSERT INTO pool_counts VALUES (new.pool, new.live)
        ON CONFLICT (pool) DO UPDATE SET live = live + excluded.live;
    END""",
    """CREATE TRIGGER ticket_changed AFTER UPDATE OF live, pool ON tickets
    WHEN old.live <> new.live OR old.pool <> new.pool BEGIN
        UPDATE pool_counts SET live = live - old.live WHERE pool = old.pool;
        INSERT INTO pool_counts VALUES (new.pool, new.live)
        ON CONFLICT (pool) DO UPDATE SET live = live + excluded.live;
    END""",
    "CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID",
    """CREATE TABLE conversations (
        id TEXT NOT NULL UNIQUE,
        owner_id TEXT NOT NULL,
        agent_id TEXT NOT NULL,
        archived INTEGER NOT NULL,
        title_folded TEXT NOT NULL,
        updated_at REAL NOT NULL,
        doc TEXT NOT NULL
    )""",
    "CREATE INDEX conversations_of_owner ON conversations (owner_id, updated_at DESC, id DESC)",
    """CREATE TABLE messages (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        conversation_id TEXT NOT NULL,
        owner_id TEXT NOT NULL,
        client_message_id TEXT,
        ticket_id TEXT,
        doc TEXT NOT NULL
    )""",
    "CREATE INDEX messages_of_conversation ON messages (conversation_id, seq)",
    """CREATE UNIQUE INDEX messages_by_client_id ON messages (owner_id, client_message_id)
        WHERE client_message_id IS NOT NULL""",
    """CREATE TABLE attachments (
        id TEXT NOT NULL UNIQUE,
        version INTEGER NOT NULL,
        conversation_id TEXT,
        state TEXT NOT NULL,
        created_at REAL NOT NULL,
        doc TEXT NOT NULL
    )""",
    """CREATE INDEX attachments_of_conversation ON attachments (conversation_id, created_at)
        WHERE conversation_id IS NOT NULL""",
    """CREATE INDEX attachments_unindexed ON attachments (created_at)
        WHERE state IN ('queued', 'extracting', 'embedding')""",
    """CREATE TABLE users (
        id TEXT NOT NULL UNIQUE,
        email TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL,
        doc TEXT NOT NULL
    )""",
    "CREATE INDEX users_admin ON users (id) WHERE role = 'admin'",
    """CREATE TABLE refresh_tokens (
        hash TEXT NOT NULL UNIQUE,
        family TEXT NOT NULL,
        revoked INTEGER NOT NULL,
        expires_at REAL NOT NULL,
        doc TEXT NOT NULL
    )""",
    "CREATE INDEX refresh_tokens_of_family ON refresh_tokens (family, revoked)",
    "CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at)",
    """CREATE TABLE api_keys (
        id TEXT NOT NULL UNIQUE,
        user_id TEXT NOT NULL,
        hash TEXT NOT NULL UNIQUE,
        revoked INTEGER NOT NULL,
        doc TEXT NOT NULL
    )""",
    "CREATE INDEX api_keys_of_user ON api_keys (user_id, revoked)",
)
