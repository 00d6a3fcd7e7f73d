"""How many files are read, and how many written, at a time: the next is read while another is embedded and written."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Place:
    """Of one file: first among those that are read, then among those that are written, at last among none."""

    def __init__(self, reading: asyncio.Semaphore, writing: asyncio.Semaphore) -> None:
        self._reading = reading
        self._writing = writing
        self._taken: asyncio.Semaphore | None = None

    async def read(self) -> None:
        await self._move(self._reading)

    async def write(self) -> None:
        """Keeps its place among those that are read until there is one: what was read and is not written is bounded."""
        await self._move(self._writing)

    def leave(self) -> None:
        """Doing it twice changes nothing."""
        if self._taken is not None:
            self._taken.release()
            self._taken = None

    async def _move(self, to: asyncio.Semaphore) -> None:
        if self._taken is not to:
            await to.acquire()
            self.leave()
            self._taken = to


class Places:
    """``parallel`` of each."""

    def __init__(self, parallel: int) -> None:
        self._reading = asyncio.Semaphore(parallel)
        self._writing = asyncio.Semaphore(parallel)

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Place]:
        """One among those that are read; given back in the end, wherever it is by then."""
        place = Place(self._reading, self._writing)
        await place.read()
        try:
            yield place
        finally:
            place.leave()
