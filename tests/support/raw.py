"""Everything that a store keeps, as text: to look for what should not be there."""

import sqlite3
from contextlib import closing
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient


async def all_of(address: str) -> str:
    """Of every table or collection. ``address`` as in `tests.support.stores`."""
    kind, _, rest = address.partition(":")
    return await _mongo(rest) if kind == "mongo" else _sqlite(rest)


def _sqlite(path: str) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())


async def _mongo(url: str) -> str:
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(url)
    try:
        database = client.get_default_database("tokenline")
        names = sorted(await database.list_collection_names())
        found = [(name, await database[name].find().to_list(None)) for name in names]
    finally:
        client.close()
    return "\n".join(f"{name}: {document}" for name, documents in found for document in documents)
