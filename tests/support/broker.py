"""What tests of the broker port share: an inbox for deliveries, and waiting for something to become true."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

from tokenline.core.ports.broker import Delivery

LIMIT_S = 15.0


class Inbox:
    """A handler that keeps what it gets. ``ack`` at once, or leave it to the test."""

    def __init__(self, *, ack: bool = False) -> None:
        self.received: list[Delivery] = []
        self._ack = ack
        self._arrivals: asyncio.Queue[Delivery] = asyncio.Queue()

    async def __call__(self, delivery: Delivery) -> None:
        self.received.append(delivery)
        self._arrivals.put_nowait(delivery)
        if self._ack:
            await delivery.ack()

    async def next(self, limit_s: float = LIMIT_S) -> Delivery:
        async with asyncio.timeout(limit_s):
            return await self._arrivals.get()

    async def bodies(self, count: int) -> list[bytes]:
        return [(await self.next()).body for _ in range(count)]


async def eventually(holds: Callable[[], Awaitable[bool]], limit_s: float = LIMIT_S) -> None:
    """For what nobody announces: ask until it holds. Raises TimeoutError."""
    async with asyncio.timeout(limit_s):
        for pause in itertools.chain([0.001, 0.005], itertools.repeat(0.02)):
            if await holds():
                return
            await asyncio.sleep(pause)


async def no_tasks_left() -> None:
    """Everything that was started has ended; the library's last callbacks get a moment."""
    this = asyncio.current_task()

    async def gone() -> bool:
        return asyncio.all_tasks() == {this}

    try:
        await eventually(gone, 3.0)
    except TimeoutError:
        left = asyncio.all_tasks() - {this}
        raise AssertionError(f"tasks left behind: {sorted(map(str, left))}") from None
