"""asyncio's queue and event for what mostly waits: there are as many as sockets, and a deque alone takes 760 bytes."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """A queue with one reader. Bounded by whoever fills it: a socket reads no more before all was taken."""

    __slots__ = ("_filled", "_kept")

    def __init__(self) -> None:
        self._kept: list[T] = []
        self._filled: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        return not self._kept

    def put_nowait(self, one: T) -> None:
        self._kept.append(one)
        if self._filled is not None and not self._filled.done():
            self._filled.set_result(None)

    async def get(self) -> T:
        """The oldest. Nothing is lost when this is cancelled."""
        while not self._kept:
            self._filled = asyncio.get_running_loop().create_future()
            await self._filled
        self._filled = None
        return self._kept.pop(0)


class Gate:
    """An event that is set most of the time, and nothing but that."""

    __slots__ = ("_opened",)

    def __init__(self) -> None:
        self._opened: asyncio.Event | None = None
        """``None``: open."""

    def is_set(self) -> bool:
        return self._opened is None

    def clear(self) -> None:
        if self._opened is None:
            self._opened = asyncio.Event()

    def set(self) -> None:
        if self._opened is not None:
            self._opened.set()
            self._opened = None

    async def wait(self) -> None:
        """Until it is open, or was for a moment."""
        if self._opened is not None:
            await self._opened.wait()
