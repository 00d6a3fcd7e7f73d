"""What each part of the store stands on."""

from tokenline.adapters.store_sqlite.database import Database
from tokenline.core.clock import Clock


class Part:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
