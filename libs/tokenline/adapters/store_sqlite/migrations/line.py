"""Confirms, ageing, pauses, dead letters, releases that are due, paused pools, and the audit log."""

STATEMENTS = (
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
