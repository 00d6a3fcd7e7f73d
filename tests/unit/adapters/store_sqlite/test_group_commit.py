"""The writer: one commit for all who wait, each job for itself, and no fault that ends the thread."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tokenline.adapters.store_sqlite import lane
from tokenline.adapters.store_sqlite.database import Database
from tokenline.contracts.errors import NotFound, StorageFull, StoreUnavailable
from tokenline.core.clock import SystemClock

MakeDatabase = Callable[..., Database]


@pytest.fixture
async def make_database(tmp_path: Path) -> AsyncIterator[MakeDatabase]:
    made: list[Database] = []

    def make(**options: Any) -> Database:
        made.append(Database(tmp_path / "store.db", SystemClock(), **options))
        return made[-1]

    yield make
    for database in made:
        await database.close()


@pytest.fixture
async def database(make_database: MakeDatabase) -> Database:
    database = make_database()
    await database.open()
    return database


def count(name: str) -> Callable[[sqlite3.Connection], int]:
    """Add one to the counter ``name`` and return it."""

    def work(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO counters VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1", (name,))
        value: int = connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()[0]
        return value

    return work


async def value(database: Database, name: str) -> int | None:
    row = await database.read(
        lambda connection: connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()
    )
    return None if row is None else row[0]


class Gate:
    """A job that occupies the writer until it is opened, so that others gather behind it."""

    def __init__(self, database: Database) -> None:
        self._entered = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.open = threading.Event()
        self._task = asyncio.ensure_future(database.write(self._work))

    def _work(self, _: sqlite3.Connection) -> None:
        self._loop.call_soon_threadsafe(self._entered.set)
        self.open.wait(10)

    async def __aenter__(self) -> "Gate":
        await self._entered.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.open.set()
        await asyncio.wait([self._task])


async def test_writes_that_wait_together_share_one_commit(database: Database):
    statements: list[str] = []
    await database.write(lambda connection: connection.set_trace_callback(statements.append))
    async with Gate(database):
        tasks = [asyncio.ensure_future(database.write(count("n"))) for _ in range(50)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*tasks) == list(range(1, 51))
    # One of the first write, whose trace began inside it, one of the gate, one of all the others.
    assert statements.count("COMMIT") == 3


async def test_a_patient_write_shares_the_commit_of_the_next_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "PATIENCE_S", 60)
    statements: list[str] = []
    await database.write(lambda connection: connection.set_trace_callback(statements.append))
    patient = asyncio.ensure_future(database.write(count("n"), patient=True))
    await asyncio.sleep(0)
    assert await value(database, "n") is None
    async with Gate(database):
        pass
    assert await patient == 1
    # One of the first write, whose trace began inside it, and one of the gate and the patient one.
    assert statements.count("COMMIT") == 2


async def test_a_patient_write_is_not_patient_for_ever(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "PATIENCE_S", 0.001)
    assert await database.write(count("n"), patient=True) == 1
    monkeypatch.setattr(lane, "PATIENCE_S", 60)
    patient = asyncio.ensure_future(database.write(count("n"), patient=True))
    await asyncio.sleep(0)
    await database.close()
    assert await patient == 2


async def test_a_patient_write_that_is_cancelled_costs_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "PATIENCE_S", 60)
    patient = asyncio.ensure_future(database.write(count("n"), patient=True))
    await asyncio.sleep(0)
    patient.cancel()
    await asyncio.wait([patient])
    assert database._writer._unfinished == 1
    statements: list[str] = []
    await database.write(lambda connection: connection.set_trace_callback(statements.append))
    assert await database.write(count("m")) == 1
    assert await value(database, "n") is None
    # No transaction of its own, and no savepoint, which is for those that have others beside them.
    assert [sql for sql in statements if "SAVEPOINT" in sql or "BEGIN" in sql] == ["BEGIN IMMEDIATE"]
    assert database._writer._unfinished == 0


async def test_a_job_that_fails_undoes_itself_alone(database: Database):
    def half_done(connection: sqlite3.Connection) -> None:
        count("bad")(connection)
        raise NotFound

    async with Gate(database):
        tasks = [asyncio.ensure_future(database.write(work)) for work in (count("a"), half_done, count("b"))]
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [outcomes[0], outcomes[2]] == [1, 1]
    assert isinstance(outcomes[1], NotFound)
    assert (await value(database, "a"), await value(database, "bad")) == (1, None)


async def test_a_job_that_fails_with_nobody_beside_it_undoes_itself(database: Database):
    def half_done(connection: sqlite3.Connection) -> None:
        count("bad")(connection)
        raise NotFound

    with pytest.raises(NotFound):
        await database.write(half_done)
    assert await value(database, "bad") is None
    assert await database.write(count("good")) == 1


async def test_a_broken_statement_reaches_its_caller_only(database: Database):
    async with Gate(database):
        bad = asyncio.ensure_future(database.write(lambda c: c.execute("SELECT * FROM nowhere")))
        worse = asyncio.ensure_future(database.write(lambda c: c.execute("SELECT ?", (object(),))))
        good = asyncio.ensure_future(database.write(count("a")))
        await asyncio.sleep(0)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        await bad
    with pytest.raises(sqlite3.ProgrammingError):
        await worse
    assert await good == 1


async def test_a_cancelled_waiter_breaks_nothing(database: Database):
    async with Gate(database):
        cancelled = asyncio.ensure_future(database.write(count("a")))
        kept = asyncio.ensure_future(database.write(count("b")))
        await asyncio.sleep(0)
        cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert await kept == 1
    assert await value(database, "a") is None


async def test_nothing_piles_up_beyond_the_bound(make_database: MakeDatabase):
    database = make_database(capacity=3)
    await database.open()
    async with Gate(database):
        waiting = [asyncio.ensure_future(database.write(count("a"))) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable):
            await database.write(count("a"))
    assert await asyncio.gather(*waiting) == [1, 2]
    assert await database.write(count("a")) == 3


async def test_a_caller_waits_no_longer_than_the_limit(make_database: MakeDatabase):
    database = make_database(call_limit_s=0.05)
    await database.open()
    async with Gate(database):
        with pytest.raises(StoreUnavailable):
            await database.write(count("a"))
        assert await value(database, "a") is None
    assert await database.write(count("a")) == 1


async def test_a_lock_that_is_not_released_is_reported_and_survived(make_database: MakeDatabase, tmp_path: Path):
    database = make_database(busy_limit_s=0.02)
    await database.open()
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        await database.write(count("a"))
    assert await value(database, "a") is None
    other.close()
    assert await database.write(count("a")) == 1


async def test_a_full_disk_is_reported_and_survived(database: Database):
    """SQLite's page limit fails exactly as a disk without room does."""

    def fill(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO leases VALUES ('x', ?, 0)", ("x" * 100_000,))

    await database.write(lambda c: c.execute("PRAGMA max_page_count = 1").fetchone())  # never below the present size
    async with Gate(database):
        tasks = [asyncio.ensure_future(database.write(work)) for work in (count("a"), fill, count("b"))]
        await asyncio.sleep(0)
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(outcome, StorageFull)
    assert await value(database, "a") is None

    await database.write(lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchone())
    await database.write(fill)
    assert await database.read(lambda c: c.execute("PRAGMA integrity_check").fetchall()) == [("ok",)]


async def test_a_reader_cannot_write(database: Database):
    with pytest.raises(StoreUnavailable):
        await database.read(count("a"))
    assert await value(database, "a") is None


async def test_every_write_is_timed_once_it_is_durable(make_database: MakeDatabase):
    seconds: list[float] = []
    database = make_database(observe_write=seconds.append)
    await database.open()
    await asyncio.gather(*(database.write(count("a")) for _ in range(5)))
    await database.read(lambda c: c.execute("SELECT 1").fetchone())
    assert len(seconds) == 5
    assert all(0 < s < 5 for s in seconds)
