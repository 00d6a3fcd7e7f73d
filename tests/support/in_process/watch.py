"""The SQLite file keeps an eye on itself: triggers write down every version of every ticket, and every broken law.

So whatever processes do to it, in whatever order, nothing that must never be written passes unseen.
"""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

_SCRIPT = """
    CREATE TABLE seen (n INTEGER PRIMARY KEY, ticket_id TEXT, state TEXT, attempt INTEGER, version INTEGER);
    CREATE TABLE broken (law TEXT, ticket_id TEXT);
    CREATE TABLE user_limit (k INTEGER);
    CREATE VIEW admitted AS
        SELECT * FROM tickets WHERE live = 1 AND (state <> 'held' OR hold_reason = 'retrying');

    CREATE TRIGGER watch_insert AFTER INSERT ON tickets BEGIN
        INSERT INTO seen VALUES (NULL, new.id, new.state, new.doc ->> '$.attempt', new.version);
    END;
    CREATE TRIGGER watch_update AFTER UPDATE OF version ON tickets BEGIN
        INSERT INTO seen VALUES (NULL, new.id, new.state, new.doc ->> '$.attempt', new.version);
        INSERT INTO broken SELECT 'changed after its end', new.id WHERE old.live = 0 AND new.dead = old.dead;
        INSERT INTO broken SELECT 'a version left out', new.id WHERE new.version <> old.version + 1;
        INSERT INTO broken SELECT 'an attempt left out', new.id
            WHERE (new.doc ->> '$.attempt') - (old.doc ->> '$.attempt') NOT IN (0, 1);
        INSERT INTO broken SELECT 'the attempt of another was completed', new.id
            WHERE new.state = 'complete' AND (new.doc ->> '$.incarnation') IS NOT (old.doc ->> '$.incarnation');
    END;
    CREATE TRIGGER watch_line AFTER INSERT ON seen BEGIN
        INSERT INTO broken SELECT 'more than K of a user', new.ticket_id
            FROM tickets AS this WHERE this.id = new.ticket_id
            AND (SELECT count(*) FROM admitted WHERE owner_id = this.owner_id) > (SELECT k FROM user_limit);
        INSERT INTO broken SELECT 'two of a conversation', new.ticket_id
            FROM tickets AS this WHERE this.id = new.ticket_id
            AND (SELECT count(*) FROM admitted WHERE conversation_id = this.conversation_id) > 1;
        INSERT INTO broken SELECT 'went ahead in its conversation', new.ticket_id
            FROM admitted AS this WHERE this.id = new.ticket_id AND EXISTS (
                SELECT 1 FROM tickets AS earlier WHERE earlier.live = 1
                AND earlier.conversation_id = this.conversation_id AND earlier.rowid < this.rowid);
    END;
"""


class Seen(NamedTuple):
    ticket_id: str
    state: str
    attempt: int
    version: int


def watch(path: Path, *, user_limit: int) -> None:
    """From here on, for whoever writes to the file. Does not survive a migration."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(_SCRIPT)
        connection.execute("INSERT INTO user_limit VALUES (?)", (user_limit,))
        connection.commit()


def seen(path: Path) -> list[Seen]:
    """Every version that was written, in order."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT ticket_id, state, attempt, version FROM seen ORDER BY n").fetchall()
    return [Seen(*row) for row in rows]


def broken(path: Path) -> dict[tuple[str, str], int]:
    """Which law was broken by which ticket, how often."""
    with closing(sqlite3.connect(path)) as connection:
        return dict(Counter(connection.execute("SELECT law, ticket_id FROM broken").fetchall()))
