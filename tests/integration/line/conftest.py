"""Lines in one event loop, any number of them, one after the other."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.agent_worker import intake, run
from tests.integration.line.house import House
from tokenline.adapters.store_sqlite import database
from tokenline.core import retry

Houses = Callable[[], AbstractAsyncContextManager[House]]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that people should not notice are too long for thousands of them; and no machine loses power here."""
    monkeypatch.setattr(intake, "STORE_RETRY_S", 0.002)
    monkeypatch.setattr(run, "STORE_RETRY_S", 0.002)
    monkeypatch.setattr(retry, "BASE_S", 0.001)
    connect = database.connect

    def unsynchronised(path: Path, *, busy_limit_s: float = database.BUSY_LIMIT_S) -> sqlite3.Connection:
        connection = connect(path, busy_limit_s=busy_limit_s)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    monkeypatch.setattr(database, "connect", unsynchronised)


@pytest.fixture(autouse=True)
def no_logs() -> Iterator[None]:
    """Hundreds of deaths, each with its traceback, would take longer to print than to die."""
    with capture_logs():
        yield


@pytest.fixture
def houses(tmp_path: Path) -> Houses:
    numbers = count()

    @asynccontextmanager
    async def build() -> AsyncIterator[House]:
        house = House(tmp_path / f"line-{next(numbers)}.db")
        await house.open()
        try:
            yield house
        finally:
            await house.close()

    return build
