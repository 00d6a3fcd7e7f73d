"""What owners say about answers, for administrators to read. It goes with its answer, however that goes."""

STATEMENTS = (
    """CREATE TABLE feedback (
        message_id TEXT NOT NULL UNIQUE,
        at REAL NOT NULL,
        doc TEXT NOT NULL
    )""",
    "CREATE INDEX feedback_latest ON feedback (at DESC, message_id DESC)",
    """CREATE TRIGGER feedback_gone AFTER DELETE ON messages BEGIN
        DELETE FROM feedback WHERE message_id = old.id;
    END""",
)
