"""What is acknowledged outlives a power cut, although files are settled together (R4)."""

import asyncio
from typing import Any, cast

import pytest

from services.ingest.settling import MAX_PAUSE_S, Settling
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


async def write(vectors: Vectors, settling: Settling) -> int:
    """The number of what is safe then."""
    vectors.written += 1
    mine = vectors.written
    await settling.settle()
    assert vectors.safe >= mine
    return mine


def a_settling(vectors: Vectors) -> Settling:
    return Settling(cast(Any, vectors), ManualClock())


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


async def test_a_file_alone_does_not_wait_and_the_next_as_the_engine_needs_it(vectors: Vectors) -> None:
    clock = ManualClock()
    settling = Settling(cast(Any, vectors), clock)
    async with asyncio.timeout(10):
        alone = asyncio.create_task(write(vectors, settling))
        end = await vectors.begun.get()
        clock.advance(1000.0)
        end.set_result(None)
        assert await alone == 1
        following = asyncio.create_task(write(vectors, settling))
        begin = asyncio.get_running_loop().time()
        (await vectors.begun.get()).set_result(None)
        assert asyncio.get_running_loop().time() - begin >= MAX_PAUSE_S - 0.1
        assert await following == 2
