"""One suite for every store. An engine opens stores on one fresh set of data; two of them stand for two processes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.stores import open_store
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store


class Engine:
    def __init__(self, address: str, clock: ManualClock) -> None:
        self.address = address
        self._clock = clock
        self._opened: list[Store] = []

    async def open(self) -> Store:
        """One more store on the same data; closed at the end of the test."""
        store = await open_store(self.address, self._clock)
        self._opened.append(store)
        return store

    def many(self, number: int) -> int:
        """So many where that takes a moment; fewer on the stand-in for MongoDB, which has no use for an index."""
        return number // 4 if self.address.startswith("mongo:") else number

    async def close(self) -> None:
        for store in self._opened:
            await store.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["sqlite", "mongo"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of fresh data; for `tests.support.stores`."""
    if request.param == "mongo":
        return f"mongo:{request.getfixturevalue('mongo_url')}"
    return f"sqlite:{tmp_path / 'data' / 'store.db'}"


@pytest.fixture
async def engine(address: str, clock: ManualClock) -> AsyncIterator[Engine]:
    engine = Engine(address, clock)
    yield engine
    await engine.close()


@pytest.fixture
async def store(engine: Engine) -> Store:
    return await engine.open()
