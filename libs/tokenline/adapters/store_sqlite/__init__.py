"""The embedded store: one SQLite file, shared by all processes of one machine."""

from tokenline.adapters.store_sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
