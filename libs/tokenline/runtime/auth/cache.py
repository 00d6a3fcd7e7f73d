"""A small memory of what the store said a moment ago."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from tokenline.core.clock import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """Values are at most ``ttl_s`` old. When ``max_entries`` are kept, the oldest makes room. ``None`` is not kept.

    What is older goes with the next new one, a ``ttl_s`` later at most: who stays away, or stays idle, takes no memory.
    """

    def __init__(self, clock: Clock, ttl_s: float = 2.0, max_entries: int = 10_000) -> None:
        self._clock = clock
        self._ttl_s = ttl_s
        self._max_entries = max_entries
        self._kept: dict[K, tuple[float, V]] = {}
        self._tidy_at = 0.0

    async def get(self, key: K, read: Callable[[K], Awaitable[V | None]], *, anew: bool = False) -> V | None:
        """``anew``: read whatever is kept, and keep that instead."""
        kept = None if anew else self._kept.get(key)
        now = self._clock.monotonic()
        if kept is not None and now < kept[0]:
            return kept[1]
        value = await read(key)
        self._kept.pop(key, None)
        if value is not None:
            self._tidy(now)
            if len(self._kept) >= self._max_entries:
                del self._kept[next(iter(self._kept))]
            # Counted from before the read: what changed while it ran is seen in time too.
            self._kept[key] = (now + self._ttl_s, value)
        return value

    def _tidy(self, now: float) -> None:
        if now >= self._tidy_at:
            self._kept = {key: kept for key, kept in self._kept.items() if now < kept[0]}
            self._tidy_at = now + self._ttl_s

    def drop(self, key: K) -> None:
        self._kept.pop(key, None)

    def clear(self) -> None:
        self._kept.clear()
