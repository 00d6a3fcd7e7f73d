"""What works on one channel of a link, made again whenever it is needed after the channel closed."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from tokenline.adapters.broker_rabbitmq.lane import Lane
from tokenline.adapters.broker_rabbitmq.link import Link

T = TypeVar("T")


class Kept(Generic[T]):
    def __init__(self, link: Link, make: Callable[[Lane], T], *, confirms: bool) -> None:
        self._link = link
        self._make = make
        self._confirms = confirms
        self._lane: Lane | None = None
        self._made: T | None = None
        self._opening = asyncio.Lock()

    @property
    def current(self) -> T | None:
        """``None`` while the channel is closed."""
        return None if self._lane is None or self._lane.closed else self._made

    async def get(self) -> T:
        """With its channel opened if need be. Raises `BrokerUnavailable` or what the library raises."""
        if (made := self.current) is not None:
            return made
        async with self._opening:
            if (made := self.current) is None:
                self._lane = await self._link.lane(confirms=self._confirms)
                made = self._made = self._make(self._lane)
            return made
