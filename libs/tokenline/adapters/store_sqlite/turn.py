"""Whose turn it is to write, among the processes that share the file.

SQLite's own waiting is a poll that backs off to 100 ms, and a busy writer leaves the lock free for microseconds: beside
one saturated process another waited 80 ms in the median and 2 s at worst for a single write. So a writer holds this
place "on deck" from when it wants the lock until it has it. Who has just written finds the place taken and queues up
behind. It is a courtesy, not a guard: `BEGIN IMMEDIATE` alone keeps writers apart.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tokenline.adapters.store_sqlite.failures import is_busy

# A process that was frozen on deck must not hold the others up for long.
_COURTESY_S = 0.25
_POLL_S = 0.0003


class Turn:
    """An advisory lock on a file of its own (`flock`), freed by the kernel when the process dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def begin(self, connection: sqlite3.Connection, busy_limit_s: float) -> None:
        """Start a write transaction. Raises as SQLite does when the lock stays taken for ``busy_limit_s``."""
        give_up_at = time.monotonic() + busy_limit_s
        with self._on_deck():
            while True:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    if not is_busy(error) or time.monotonic() >= give_up_at:
                        raise
                    time.sleep(_POLL_S)
                else:
                    return

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @contextmanager
    def _on_deck(self) -> Iterator[None]:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        until = time.monotonic() + _COURTESY_S
        while not (taken := self._try(self._file)) and time.monotonic() < until:
            time.sleep(_POLL_S)
        try:
            yield
        finally:
            if taken:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    @staticmethod
    def _try(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
