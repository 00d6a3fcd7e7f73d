"""When replies go: at once after a quiet tick, together within one, and at once when they are urgent."""

import asyncio
from collections.abc import AsyncIterator
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
