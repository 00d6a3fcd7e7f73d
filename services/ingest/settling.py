"""Files that are written at about the same time are made to outlive a power cut together."""

import asyncio

from services.ingest.indexes import Indexes
from tokenline.core.clock import Clock

PAUSE = 4.0
"""So many times as long as settling took is the pause before the next: the embedded engine lets nothing run in it."""
MAX_PAUSE_S = 0.5
WAITING = 8
"""So many files may wait for it, of 45 small ones that can be read in a second."""


class Settling:
    """A file that ends alone does not wait."""

    def __init__(self, vectors: Indexes, clock: Clock) -> None:
        self._vectors = vectors
        self._clock = clock
        self._turn = asyncio.Lock()
        self._asked = self._settled = 0
        self._next_at = 0.0

    async def settle(self) -> None:
        """Return when all that was written before outlives a power cut.

        May be cancelled: others who wait see to it themselves, as they do where it fails. Raises `SearchUnavailable`.
        """
        self._asked += 1
        mine = self._asked
        async with self._turn:
            if self._settled >= mine:
                return
            await asyncio.sleep(max(0.0, self._next_at - self._clock.monotonic()))
            until, begin = self._asked, self._clock.monotonic()
            await self._vectors.settle()
            self._settled, end = until, self._clock.monotonic()
            self._next_at = end + min(MAX_PAUSE_S, PAUSE * (end - begin))
