"""Stores by address, so that a test, or a process that a test starts, can open one without knowing its engine."""

from functools import partial
from pathlib import Path

from tokenline.adapters.store_mongo import MongoStore
from tokenline.adapters.store_mongo.database import Collections
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.core.clock import Clock
from tokenline.core.ports.store import Store

# FerretDB reads the whole collection for nearly every command: a thousand at once are not a second's work.
_PATIENCE_S = 60.0


async def open_store(address: str, clock: Clock) -> Store:
    """``address`` is ``sqlite:<path>`` or ``mongo:<url>``. ``clock`` is the store's clock, too."""
    kind, _, rest = address.partition(":")
    match kind:
        case "sqlite":
            store: Store = SqliteStore(Path(rest), clock)
        case "mongo":
            store = MongoStore(rest, clock, store_time=partial(_time_of, clock), call_limit_s=_PATIENCE_S)
        case _:
            raise ValueError(f"no store is known as {kind}")
    await store.open()
    return store


async def _time_of(clock: Clock, _: Collections) -> float:
    return clock.now()
