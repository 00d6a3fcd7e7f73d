"""A MongoDB store that dies, or waits, before a write: between any two of them is a state that others may find."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tokenline.adapters.store_mongo import MongoStore
from tokenline.adapters.store_mongo.database import Collections

BeforeWrite = Callable[[str, str], Awaitable[None]]
"""Told the collection and the method."""

_WRITES = frozenset(
    {
        "bulk_write",
        "delete_many",
        "delete_one",
        "find_one_and_update",
        "insert_one",
        "replace_one",
        "update_many",
        "update_one",
    }
)


class Crash(Exception):
    """The process is gone."""


class Fuse:
    """Dies before write number ``last + 1``."""

    def __init__(self, last: int) -> None:
        self._left = last

    async def __call__(self, collection: str, method: str) -> None:
        if not self._left:
            raise Crash
        self._left -= 1


class Halt:
    """Waits before the first write of this kind until told to go on."""

    def __init__(self, collection: str, method: str) -> None:
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()
        self._where = (collection, method)

    async def __call__(self, collection: str, method: str) -> None:
        if (collection, method) == self._where:
            self.reached.set()
            await self.go_on.wait()


class _Watched:
    def __init__(self, name: str, collection: Any, before_write: BeforeWrite) -> None:
        self._name = name
        self._collection = collection
        self._before_write = before_write

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._collection, name)
        if name not in _WRITES:
            return method

        async def write(*arguments: Any, **options: Any) -> Any:
            await self._before_write(self._name, name)
            return await method(*arguments, **options)

        return write


def attach(store: MongoStore, before_write: BeforeWrite) -> None:
    """From here on ``before_write`` is asked before every write of ``store``."""
    collections = store._database._collections
    assert isinstance(collections, Collections)
    for name, collection in vars(collections).items():
        if not name.startswith("_"):
            setattr(collections, name, _Watched(name, collection, before_write))
