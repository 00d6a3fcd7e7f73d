"""When replies go: at once after a quiet tick, together within one, and at once when they are urgent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from services.agent_worker.publisher import Publisher
from tokenline.contracts.replies import Delta, unpack_replies
from tokenline.core.ports.broker import Broker

TICK_S = 60.0
"""Longer than any test: within it nothing goes by itself."""


class Wire:
    """What was told, a list of offsets a message."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[list[int]] = asyncio.Queue()

    async def tell(self, _exchange: str, _key: str, body: bytes) -> bool:
        self.told.put_nowait([item.offset for item in unpack_replies(body).items if isinstance(item, Delta)])
        return True


@asynccontextmanager
async def publishing(wire: Wire) -> AsyncIterator[Publisher]:
    publisher = Publisher(cast(Broker, wire), "worker-1", TICK_S)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(publisher.run(), name="publisher")
        yield publisher
        running.cancel()


def piece(offset: int) -> Delta:
    return Delta("t", 1, offset, "x")


async def test_the_first_after_a_quiet_tick_goes_at_once():
    wire = Wire()
    async with publishing(wire) as publisher:
        publisher.send(piece(0), ["g"])
        publisher.send(piece(1), ["g"])
        assert await wire.told.get() == [0, 1]


async def test_what_follows_within_the_tick_waits_for_its_end_or_for_something_urgent():
    wire = Wire()
    async with publishing(wire) as publisher:
        publisher.send(piece(0), ["g"])
        assert await wire.told.get() == [0]
        publisher.send(piece(1), ["g"])
        for _ in range(10):
            await asyncio.sleep(0)
        assert wire.told.empty()
        publisher.send(piece(2), ["g"], urgent=True)
        assert await wire.told.get() == [1, 2]


class Waiting:
    """`Arrivals` of texts by their offsets; ``send`` takes them when they are read."""

    def __init__(self) -> None:
        self.waiting: list[int] = []
        self.readings = 0
        self.publisher: Publisher | None = None
        self._arrived: Callable[[], None]

    def tell(self, arrived: Callable[[], None]) -> None:
        self._arrived = arrived

    def come(self, *offsets: int) -> None:
        self.waiting += offsets
        self._arrived()

    def read(self) -> bool:
        self.readings += 1
        found, self.waiting = self.waiting, []
        for offset in found:
            assert self.publisher is not None
            self.publisher.send(piece(offset), ["g"])
        return bool(found)


@asynccontextmanager
async def reading(wire: Wire, waiting: Waiting, tick_s: float = TICK_S) -> AsyncIterator[Publisher]:
    publisher = waiting.publisher = Publisher(cast(Broker, wire), "worker-1", tick_s, waiting)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(publisher.run(), name="publisher")
        yield publisher
        running.cancel()


async def test_what_arrives_after_a_quiet_tick_is_read_and_sent_at_once():
    wire, waiting = Wire(), Waiting()
    async with reading(wire, waiting):
        waiting.come(0, 1)
        assert await wire.told.get() == [0, 1]


async def test_what_arrives_within_the_tick_goes_with_what_is_urgent():
    wire, waiting = Wire(), Waiting()
    async with reading(wire, waiting) as publisher:
        waiting.come(0)
        assert await wire.told.get() == [0]
        waiting.waiting = [1, 2]
        for _ in range(10):
            await asyncio.sleep(0)
        assert wire.told.empty()
        publisher.send(piece(3), ["h"], urgent=True)
        assert sorted([await wire.told.get(), await wire.told.get()]) == [[1, 2], [3]]


async def test_it_reads_each_tick_until_nothing_has_come():
    wire, waiting = Wire(), Waiting()
    async with reading(wire, waiting, tick_s=0.001):
        waiting.come(0)
        assert await wire.told.get() == [0]
        waiting.waiting = [1]
        assert await wire.told.get() == [1]
        async with asyncio.timeout(5):
            while waiting.readings < 3:  # noqa: ASYNC110 - nothing tells of a reading
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        assert waiting.readings == 3
