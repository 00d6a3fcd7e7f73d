"""Stores by address, so that a test, or a process that a test starts, can open one without knowing its engine."""

from pathlib import Path

from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.core.clock import Clock
from tokenline.core.ports.store import Store


async def open_store(address: str, clock: Clock) -> Store:
    """``address`` is ``sqlite:<path>``."""
    kind, _, rest = address.partition(":")
    match kind:
        case "sqlite":
            store: Store = SqliteStore(Path(rest), clock)
        case _:
            raise ValueError(f"no store is known as {kind}")
    await store.open()
    return store
