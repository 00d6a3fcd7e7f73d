"""Whose rights were changed or taken back, in the very operation that did it."""

import sqlite3

from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.ids import UserId
from tokenline.core.ports.store import Revoked

_NOTE = """
    INSERT INTO revocations (user_id, mark) VALUES (?, (SELECT coalesce(max(mark), 0) + 1 FROM revocations))
    ON CONFLICT (user_id) DO UPDATE SET mark = excluded.mark
"""

_KEEP = """
    INSERT INTO revocations (user_id, mark) VALUES ('', ?)
    ON CONFLICT (user_id) DO UPDATE SET mark = max(mark, excluded.mark)
"""

_SINCE = "SELECT user_id, mark FROM revocations WHERE mark >= min(?, (SELECT max(mark) FROM revocations))"


def note_revoked(connection: sqlite3.Connection, user_id: UserId) -> None:
    connection.execute(_NOTE, (user_id,))


def forget_name(connection: sqlite3.Connection, user_id: UserId) -> None:
    """The mark stays, since marks must not fall, under nobody's name."""
    row = connection.execute("DELETE FROM revocations WHERE user_id = ? RETURNING mark", (user_id,)).fetchone()
    if row is not None:
        connection.execute(_KEEP, row)


class Revocations(Part):
    async def revoked_since(self, mark: int) -> Revoked:
        def work(connection: sqlite3.Connection) -> Revoked:
            # In one statement, thus of one moment; the mark itself may be among the rows.
            rows = connection.execute(_SINCE, (mark,)).fetchall()
            latest = max((at for _, at in rows), default=0)
            # Lower than it was: the store was put back to an earlier day.
            users = None if latest < mark else frozenset(user for user, at in rows if at > mark)
            return Revoked(mark=latest, users=users)

        return await self._database.read(work)
