"""The words of messages and titles, and which conversations are temporary.

The index holds no text, only words (`core.search`), so it is told what to forget as it was told what to learn: by
triggers, in the write that changes the message, and a row that has no size is not in it. ``search_words`` and
``words_of`` are functions of ours, which `database.connect` gives to every connection.
"""

_LEARN = """
    INSERT INTO search (rowid, owner, words) VALUES (new.seq, replace(new.owner_id, '-', ''), search_words(new.doc));
"""
_FORGET = """
    INSERT INTO search (search, rowid, owner, words)
    VALUES ('delete', old.seq, replace(old.owner_id, '-', ''), search_words(old.doc));
    UPDATE counters SET value = value + 1 WHERE name = 'search_forgot';
"""
_ENTITLE = "UPDATE conversations SET title_words = ' ' || words_of(title_folded)"
_KNOWN = "EXISTS (SELECT 1 FROM search_docsize WHERE id = old.seq)"

STATEMENTS = (
    """ALTER TABLE conversations
        ADD COLUMN temporary INTEGER GENERATED ALWAYS AS (coalesce(doc ->> '$.temporary', 0)) VIRTUAL""",
    "CREATE INDEX conversations_temporary ON conversations (updated_at) WHERE temporary = 1",
    "CREATE VIRTUAL TABLE search USING fts5 (owner, words, content = '', tokenize = 'unicode61 remove_diacritics 0')",
    "INSERT INTO counters VALUES ('search_forgot', 0)",
    "INSERT INTO search (rowid, owner, words) SELECT seq, replace(owner_id, '-', ''), search_words(doc) FROM messages",
    f"""CREATE TRIGGER search_learns AFTER INSERT ON messages
    WHEN NOT EXISTS (SELECT 1 FROM conversations WHERE id = new.conversation_id AND temporary = 1) BEGIN
        {_LEARN}
    END""",
    f"""CREATE TRIGGER search_learns_anew AFTER UPDATE OF doc ON messages
    WHEN old.doc <> new.doc AND {_KNOWN} AND search_words(old.doc) <> search_words(new.doc) BEGIN
        {_FORGET}
        {_LEARN}
    END""",
    f"""CREATE TRIGGER search_forgets AFTER DELETE ON messages WHEN {_KNOWN} BEGIN
        {_FORGET}
    END""",
    "ALTER TABLE conversations ADD COLUMN title_words TEXT NOT NULL DEFAULT ''",
    _ENTITLE,
    f"""CREATE TRIGGER title_given AFTER INSERT ON conversations WHEN new.title_folded <> '' AND new.temporary = 0 BEGIN
        {_ENTITLE} WHERE rowid = new.rowid;
    END""",
    f"""CREATE TRIGGER title_changed AFTER UPDATE OF title_folded ON conversations
    WHEN old.title_folded <> new.title_folded AND new.temporary = 0 BEGIN
        {_ENTITLE} WHERE rowid = new.rowid;
    END""",
)
