"""What is acknowledged outlives a power cut, although files are settled together (R4)."""

import asyncio
from typing import Any, cast

import pytest

from services.ingest import settling
from services.ingest.settling import Settling
from services.ingest.slots import Slot
from tokenline.contracts.errors import SearchUnavailable
from tokenline.core.clock import ManualClock


class Vectors:
    """Settles when told to, and what was written before it began."""

    def __init__(self) -> None:
        self.written = 0
        self.safe = 0
        self.begun: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()

    async def settle(self) -> None:
        until = self.written
        end = asyncio.get_running_loop().create_future()
        await self.begun.put(end)
        await end
        self.safe = until


@pytest.fixture
def vectors() -> Vectors:
    return Vectors()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "EVERY_S", 0.0)


async def write(vectors: Vectors, settling: Settling) -> int:
    """The number of what is safe then."""
    vectors.written += 1
    mine = vectors.written
    await settling.settle()
    assert vectors.safe >= mine
    return mine


def a_settling(vectors: Vectors) -> Settling:
    return Settling(cast(Any, vectors), ManualClock())


@pytest.mark.usefixtures("at_once")
async def test_those_that_come_meanwhile_are_settled_together_by_the_next(vectors: Vectors) -> None:
    settling = a_settling(vectors)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(write(vectors, settling))
        first = await vectors.begun.get()
        for _ in range(5):
            group.create_task(write(vectors, settling))
        await asyncio.sleep(0)
        first.set_result(None)
        (await vectors.begun.get()).set_result(None)
    assert vectors.begun.empty()
    assert vectors.safe == 6


@pytest.mark.usefixtures("at_once")
async def test_one_that_is_refused_or_cancelled_costs_the_others_nothing(vectors: Vectors) -> None:
    settling = a_settling(vectors)
    refused, cancelled, last = (asyncio.create_task(write(vectors, settling)) for _ in range(3))
    async with asyncio.timeout(10):
        (await vectors.begun.get()).set_exception(SearchUnavailable())
        with pytest.raises(SearchUnavailable):
            await refused
        await vectors.begun.get()
        cancelled.cancel()
        (await vectors.begun.get()).set_result(None)
        assert await last == 3


async def test_a_file_alone_does_not_wait(vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "EVERY_S", 1000.0)
    settled = asyncio.create_task(write(vectors, a_settling(vectors)))
    async with asyncio.timeout(10):
        (await vectors.begun.get()).set_result(None)
        assert await settled == 1


async def test_a_place_is_given_back_once() -> None:
    slots = asyncio.Semaphore(1)
    slot = Slot(slots)
    await slot.take()
    await slot.take()
    assert slots.locked()
    slot.give_back()
    slot.give_back()
    await slots.acquire()
    assert slots.locked()
