"""What each part of the store stands on."""

from collections.abc import Awaitable, Callable

from tokenline.adapters.store_mongo.database import Collections, Database
from tokenline.core.clock import Clock

StoreTime = Callable[[Collections], Awaitable[float]]


class Part:
    """``clock`` is this process's own; ``store_time`` the one that all processes share, which judges leases."""

    def __init__(self, database: Database, clock: Clock, store_time: StoreTime) -> None:
        self._database = database
        self._clock = clock
        self._store_time = store_time
