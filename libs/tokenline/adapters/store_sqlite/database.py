"""One SQLite file: a writer thread with group commit, and readers beside it (WAL).

Every write waits for its own durable commit (`synchronous=FULL`), but all writes that wait together share one.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tokenline.adapters.store_sqlite.failures import engine_failure, leaves_connection_sound
from tokenline.adapters.store_sqlite.lane import CALL_LIMIT_S, Batch, Job, Lane, Work
from tokenline.adapters.store_sqlite.schema import migrate
from tokenline.adapters.store_sqlite.turn import Turn
from tokenline.adapters.store_sqlite.words import search_words
from tokenline.contracts.errors import Retryable, StoreUnavailable
from tokenline.core.clock import Clock
from tokenline.core.search import words_of

T = TypeVar("T")

BUSY_LIMIT_S = 5.0
_WAL_BYTES_KEPT = 64 * 1024 * 1024


def connect(path: Path, *, busy_limit_s: float = BUSY_LIMIT_S) -> sqlite3.Connection:
    """Open an existing file. Never creates one: a file that vanished must not come back empty."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=busy_limit_s,
        isolation_level=None,
        cached_statements=256,
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # what a user deletes is gone from the file too
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -16000")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES_KEPT}")
    connection.create_function("search_words", 1, search_words, deterministic=True)
    connection.create_function("words_of", 1, words_of, deterministic=True)
    return connection


class _Connected:
    """A connection that is opened at first use, and again after the engine failed under it."""

    def __init__(self, path: Path, busy_limit_s: float) -> None:
        self._path = path
        self._busy_limit_s = busy_limit_s
        self._connection: sqlite3.Connection | None = None

    def connection(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path, busy_limit_s=self._busy_limit_s)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class WriterSession(_Connected):
    """One transaction per batch, a savepoint per job if there are several: what fails undoes itself alone."""

    def __init__(self, path: Path, busy_limit_s: float) -> None:
        super().__init__(path, busy_limit_s)
        self._turn = Turn(path.with_name(f"{path.name}-turn"))

    def connection(self) -> sqlite3.Connection:
        fresh = self._connection is None
        connection = super().connection()
        if fresh:
            connection.execute("PRAGMA busy_timeout = 0")  # `Turn` does the waiting
        return connection

    def close(self) -> None:
        super().close()
        self._turn.close()

    def run(self, batch: Batch, waiting: Callable[[], Batch]) -> None:
        try:
            connection = self.connection()
            self._turn.begin(connection, self._busy_limit_s)
            batch += waiting()
            wanted = [job for job in batch if not job.future.done()]
            alone = len(wanted) == 1
            for job in wanted:
                self._run_one(connection, job, alone=alone)
            connection.execute("ROLLBACK" if alone and wanted[0].error is not None else "COMMIT")
        except sqlite3.Error as error:
            self._abandon(error)
            kind = engine_failure(error)
            for job in batch:
                job.error = error if kind is None else kind()

    def _run_one(self, connection: sqlite3.Connection, job: Job[object], *, alone: bool) -> None:
        """``alone``: its error undoes the transaction. A savepoint would be two more statements, and after each of them
        a thread waits for its turn beside a busy loop.
        """
        if not alone:
            connection.execute("SAVEPOINT job")
        try:
            job.result = job.work(connection)
        except Exception as error:  # handed to the caller
            if isinstance(error, sqlite3.Error) and engine_failure(error) is not None:
                raise
            job.error = error
            if not alone:
                connection.execute("ROLLBACK TO job")
        if not alone:
            connection.execute("RELEASE job")

    def _abandon(self, error: sqlite3.Error) -> None:
        """Leave no transaction open; where the engine itself failed, do not trust the connection again."""
        with contextlib.suppress(sqlite3.Error):  # the first failure is the one to report
            if self._connection is not None and self._connection.in_transaction:
                self._connection.rollback()
        if not leaves_connection_sound(error):
            super().close()


class ReaderSession(_Connected):
    """Each job by itself, on a connection that cannot write."""

    def connection(self) -> sqlite3.Connection:
        fresh = self._connection is None
        connection = super().connection()
        if fresh:
            connection.execute("PRAGMA query_only = ON")
        return connection

    def run(self, batch: Batch, waiting: Callable[[], Batch]) -> None:
        batch += waiting()
        for job in batch:
            if job.future.done():
                continue
            try:
                job.result = job.work(self.connection())
            except Exception as error:  # handed to the caller
                job.error = self._outcome(error)

    def _outcome(self, error: Exception) -> Exception:
        kind = engine_failure(error) if isinstance(error, sqlite3.Error) else None
        if kind is None:
            return error
        self.close()
        return kind()


class Database:
    """`write` for everything that changes; `read` for a few rows; `scan` for listings, which must not delay reads."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        observe_write: Callable[[float], None] | None = None,
        busy_limit_s: float = BUSY_LIMIT_S,
        call_limit_s: float = CALL_LIMIT_S,
        capacity: int = 10_000,
    ) -> None:
        self._path = path
        self._writer = Lane(
            "sqlite-write",
            lambda: WriterSession(path, busy_limit_s),
            clock,
            capacity=capacity,
            limit_s=call_limit_s,
            observe=observe_write,
        )
        self._reader = Lane(
            "sqlite-read",
            lambda: ReaderSession(path, busy_limit_s),
            clock,
            capacity=capacity,
            limit_s=call_limit_s,
        )
        self._scanner = Lane(
            "sqlite-scan",
            lambda: ReaderSession(path, busy_limit_s),
            clock,
            threads=2,
            capacity=capacity,
            batch_limit=1,
            limit_s=call_limit_s,
        )

    async def open(self) -> None:
        await asyncio.to_thread(self._prepare)
        for lane in (self._writer, self._reader, self._scanner):
            lane.start()

    async def close(self) -> None:
        """The writer goes last: the last connection folds the write-ahead log into the file."""
        for lane in (self._scanner, self._reader, self._writer):
            await lane.stop()

    async def write(self, work: Work[T], *, patient: bool = False) -> T:
        """``patient``: nobody waits for it, so it may wait a moment for a commit to share."""
        return await self._writer.run(work, patient=patient)

    async def execute(self, sql: str, *parameters: object) -> int:
        """One write statement; the number of rows it touched."""
        return await self._writer.run(lambda connection: connection.execute(sql, parameters).rowcount)

    async def read(self, work: Work[T]) -> T:
        return await self._reader.run(work)

    async def scan(self, work: Work[T]) -> T:
        return await self._scanner.run(work)

    def _prepare(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)  # conversations are nobody else's to read
            connection = connect(self._path)
            try:
                migrate(connection)
            finally:
                connection.close()
        except OSError as error:
            raise StoreUnavailable(f"The store's file cannot be used: {error.strerror}.") from error
        except sqlite3.Error as error:
            kind: type[Retryable] = engine_failure(error) or StoreUnavailable
            raise kind from error
