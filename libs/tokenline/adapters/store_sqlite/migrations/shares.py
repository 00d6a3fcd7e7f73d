"""Links to conversations; they end with them, whoever deletes them."""

STATEMENTS = (
    """CREATE TABLE shares (
        id TEXT NOT NULL UNIQUE,
        token TEXT NOT NULL UNIQUE,
        owner_id TEXT NOT NULL,
        conversation_id TEXT NOT NULL,
        message_id TEXT NOT NULL,
        doc TEXT NOT NULL
    )""",
    "CREATE INDEX shares_of_owner ON shares (owner_id, id DESC)",
    "CREATE INDEX shares_of_conversation ON shares (conversation_id, message_id)",
    """CREATE TRIGGER shares_end AFTER DELETE ON conversations BEGIN
        DELETE FROM shares WHERE conversation_id = old.id;
    END""",
)
