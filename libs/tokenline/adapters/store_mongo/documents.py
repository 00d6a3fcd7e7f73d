"""Structs as JSON inside documents.

``doc`` holds the Struct as SQLite's rows do, because BSON refuses what a model may put into the arguments of a tool:
integers beyond 64 bits, and before MongoDB 5 keys with dots and dollars. Beside it stand the fields that are searched,
sorted or changed by themselves; where one of those is also in the Struct, the field counts.
"""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.structs import replace
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from tokenline.adapters.store_mongo.database import Collection, Collections, Document
from tokenline.contracts.base import Shape, to_json

T = TypeVar("T", bound=Shape)


def encode(value: Shape) -> str:
    return to_json(value).decode()


class Documents(Generic[T]):
    """Reads one kind of Struct. ``fields`` are those that count more than what is in ``doc``."""

    def __init__(self, kind: type[T], *fields: str) -> None:
        self._decode = msgspec.json.Decoder(kind).decode
        self._fields = fields

    def of(self, found: Mapping[str, Any]) -> T:
        value = self._decode(found["doc"])
        changed = {name: found[name] for name in self._fields if name in found}
        return replace(value, **changed) if changed else value

    def maybe(self, found: Mapping[str, Any] | None) -> T | None:
        """``None`` for nothing, and for what was deleted but for a note."""
        return None if found is None or "doc" not in found else self.of(found)


async def insert_new(collection: Collection, document: Document) -> bool:
    """False when one with its id, or another unique field of it, is there already."""
    try:
        await collection.insert_one(document)
    except DuplicateKeyError:
        return False
    return True


async def next_seq(db: Collections) -> int:
    """The next number of the store-wide counter."""
    counter = await db.counters.find_one_and_update(
        {"_id": "seq"}, {"$inc": {"value": 1}}, return_document=ReturnDocument.AFTER
    )
    value: int = counter["value"]
    return value
