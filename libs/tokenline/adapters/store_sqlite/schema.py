"""Tables and indexes, brought up to date by numbered migrations.

A row is the Struct as JSON in ``doc`` plus the columns that queries filter or sort by. Indexes that serve the line
are partial: they hold live tickets only, so the line costs the same however long the history grows.
"""

import sqlite3
import time

from tokenline.adapters.store_sqlite.migrations import MIGRATIONS
from tokenline.contracts.errors import Misconfigured

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
