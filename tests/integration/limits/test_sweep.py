"""Counters do not pile up: what has all come back is dropped by the keeper."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.in_process.processes import Gateway
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.limits import Charge, Limit, LimitName
from tokenline.core.clock import ManualClock

FIVE_MINUTES = 300.0


@pytest.fixture
async def store(tmp_path: Path, clock: ManualClock) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "store.db", clock)
    await store.open()
    yield store
    await store.close()


async def kept(store: SqliteStore) -> int:
    rows: list[tuple[int]] = await store._database.read(
        lambda connection: connection.execute("SELECT count(*) FROM used").fetchall()
    )
    return rows[0][0]


async def test_a_flood_of_addresses_leaves_nothing_behind(store: SqliteStore, clock: ManualClock) -> None:
    gateway = Gateway("g", store, MemoryBroker(MemoryServer()), clock)
    await gateway.start()
    limit = Limit(max=10, per_s=FIVE_MINUTES)
    for round_ in range(4):
        guesses = [
            Charge(name=LimitName.SIGN_INS, subject=f"address:{round_}.{number}", limit=limit) for number in range(500)
        ]
        await store.charge(guesses, clock.now())
        await gateway.keeper.sweep()
        assert await kept(store) == 500, "those of the round before are gone, those of this one are not"
        clock.advance(FIVE_MINUTES + 61)
    await gateway.keeper.sweep()
    assert await kept(store) == 0
    await gateway.kill()
