"""The bound on a pool's live tickets."""

from tokenline.adapters.store_mongo.database import Collections
from tokenline.contracts.errors import QueueFull
from tokenline.contracts.ids import Pool
from tokenline.core.clock import Clock
from tokenline.core.ports.store import POOL_FULL_RETRY_S

_TRUSTED_S = 1.0
_FAR = 0.9


class PoolBound:
    """Counts the index; far from the bound at most once a second, because a long line takes a while to count.

    Not a lock: the bound may be passed by as many as are accepted between the count and their own writing.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counted: dict[Pool, tuple[float, int]] = {}

    async def check(self, db: Collections, pool: Pool, limit: int) -> None:
        """Raises `QueueFull`."""
        now = self._clock.monotonic()
        at, known = self._counted.get(pool, (now, limit))
        if known >= _FAR * limit or now - at > _TRUSTED_S:
            at, known = now, await db.tickets.count_documents({"line.pool": pool}, limit=limit)
            if known >= limit:
                raise QueueFull("Too many questions are waiting.", retry_after_s=POOL_FULL_RETRY_S)
        self._counted[pool] = (at, known + 1)
