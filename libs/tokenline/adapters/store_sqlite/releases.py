"""Whose held tickets are to be judged again: noted by whatever ended their cause, taken back by the judging."""

import sqlite3

from tokenline.contracts.ids import UserId

_NOTE = "INSERT INTO due_releases (owner_id, at) VALUES (?, ?) ON CONFLICT (owner_id) DO NOTHING"
_DUE = "SELECT owner_id FROM due_releases WHERE at < ? ORDER BY at LIMIT ?"
_ANYTHING = """
    SELECT EXISTS (SELECT 1 FROM tickets INDEXED BY tickets_live WHERE live = 1 AND state = 'held' AND owner_id = ?)
        OR EXISTS (SELECT 1 FROM due_releases WHERE owner_id = ?)
"""


def anything_held(connection: sqlite3.Connection, owner: UserId) -> bool:
    """Whether the owner has a held ticket, or a note to take back."""
    return bool(connection.execute(_ANYTHING, (owner, owner)).fetchone()[0])


def note_release_due(connection: sqlite3.Connection, owner: UserId, now: float) -> bool:
    """To be called in the write that ends a ticket, or the reading of a file. False: there is nothing to release."""
    if not anything_held(connection, owner):
        return False
    connection.execute(_NOTE, (owner, now))
    return True


def take_back(connection: sqlite3.Connection, owner: UserId) -> None:
    connection.execute("DELETE FROM due_releases WHERE owner_id = ?", (owner,))


def due_owners(connection: sqlite3.Connection, before: float, limit: int) -> list[UserId]:
    return [owner for (owner,) in connection.execute(_DUE, (before, limit))]
