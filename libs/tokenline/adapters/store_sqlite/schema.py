"""Tables and indexes, brought up to date by numbered migrations.

A row is the Struct as JSON in ``doc`` plus the columns that queries filter or sort by. Indexes that serve the line
are partial: they hold live tickets only, so the line costs the same however long the history grows.
"""

import sqlite3
import time

from tokenline.contracts.errors import Misconfigured

_FIRST = (
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

# Confirms, ageing, pauses, dead letters, releases that are due, paused pools, and the audit log.
_LINE = (
    "DROP INDEX tickets_unpublished",
    "ALTER TABLE tickets ADD COLUMN hold_reason TEXT",
    "ALTER TABLE tickets ADD COLUMN files TEXT",
    "ALTER TABLE tickets ADD COLUMN level_at REAL",
    "ALTER TABLE tickets ADD COLUMN due_at REAL",
    "ALTER TABLE tickets ADD COLUMN dead INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE tickets ADD COLUMN ended_at REAL",
    "ALTER TABLE tickets ADD COLUMN publish_no INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE tickets ADD COLUMN published_no INTEGER NOT NULL DEFAULT 0",
    """UPDATE tickets SET
        hold_reason = doc ->> '$.hold_reason',
        level_at = queued_at,
        ended_at = doc ->> '$.finished_at',
        publish_no = doc ->> '$.publish_no',
        published_no = CASE WHEN published_at IS NULL THEN 0 ELSE doc ->> '$.publish_no' END,
        doc = json_set(json_remove(doc, '$.published_at'), '$.level_at', queued_at)
    """,
    """UPDATE tickets SET files = asked.files, doc = json_set(tickets.doc, '$.files', json(asked.files))
        FROM (SELECT id, doc ->> '$.attachment_ids' AS files FROM messages) AS asked
        WHERE live = 1 AND asked.id = tickets.doc ->> '$.question_id' AND asked.files <> '[]'
    """,
    "ALTER TABLE tickets DROP COLUMN published_at",
    "ALTER TABLE tickets DROP COLUMN queued_at",
    """CREATE INDEX tickets_unpublished ON tickets (priority DESC, seq)
        WHERE state = 'queued' AND published_no <> publish_no""",
    "CREATE INDEX tickets_level ON tickets (pool, priority, level_at, seq) WHERE state = 'queued'",
    "CREATE INDEX tickets_paused ON tickets (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX tickets_dead ON tickets (ended_at DESC, id DESC) WHERE dead = 1",
    "CREATE TABLE due_releases (owner_id TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE paused_pools (pool TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE audit (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, doc TEXT NOT NULL)",
)

_WEBHOOKS = (
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

# One row per user, so that no mark is ever forgotten.
_REVOCATIONS = (
    "CREATE TABLE revocations (user_id TEXT PRIMARY KEY, mark INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX revocations_mark ON revocations (mark)",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _LINE, _WEBHOOKS, _REVOCATIONS)
"""Only ever appended to; ``user_version`` counts those applied."""

_WAL_TRIES = 200
_WAL_PAUSE_S = 0.025


def migrate(connection: sqlite3.Connection) -> None:
    """Apply what is missing, once, whichever of several processes comes first. Blocks.

    Raises `Misconfigured` when a newer version of Tokenline has written the file.
    """
    _use_wal(connection)
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN EXCLUSIVE")
    try:
        version = _version(connection)
        if version > len(MIGRATIONS):
            raise Misconfigured(f"The store has schema {version}; this version knows {len(MIGRATIONS)}.")
        for migration in MIGRATIONS[version:]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.rollback()


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _use_wal(connection: sqlite3.Connection) -> None:
    """Changing the journal mode ignores the busy time-out, so several first starts at once must take turns here."""
    for attempt in range(_WAL_TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if attempt == _WAL_TRIES - 1:
                raise
            time.sleep(_WAL_PAUSE_S)
        else:
            return
