"""What SQLite's result codes mean to a caller."""

import sqlite3

from tokenline.contracts.errors import Retryable, StorageFull, StoreUnavailable

# After these SQLite may have rolled back the whole transaction by itself, so no statement of it counts.
_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)


def primary_code(error: sqlite3.Error) -> int | None:
    """The result code without its extension; ``None`` for errors of the Python module itself."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def is_busy(error: sqlite3.Error) -> bool:
    """Somebody else has the lock."""
    return primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def leaves_connection_sound(error: sqlite3.Error) -> bool:
    """Somebody else has the lock, or there is no room: the same connection works again when that has passed."""
    return is_busy(error) or primary_code(error) == sqlite3.SQLITE_FULL


def engine_failure(error: sqlite3.Error) -> type[Retryable] | None:
    """What to tell callers; ``None``: the engine is well and the statement is at fault."""
    code = primary_code(error)
    if code == sqlite3.SQLITE_FULL:
        return StorageFull
    return StoreUnavailable if code in _UNAVAILABLE else None
