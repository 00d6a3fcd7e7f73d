"""Whose rights were changed or taken back: a mark that grows, and in the same document whom its last steps concern."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo import ReturnDocument

from tokenline.adapters.store_mongo.database import Collections
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.ids import UserId
from tokenline.core.ports.store import Revoked

NAMED = 100
"""About so many steps are remembered by name; who has missed more must take everybody for concerned."""


@asynccontextmanager
async def revoking(db: Collections, user_id: UserId) -> AsyncIterator[None]:
    """Around a change. Noted before it, in case nobody comes to note it after it, which is the note that counts."""
    await _note(db, user_id)
    yield
    await _note(db, user_id)


async def _note(db: Collections, user_id: UserId) -> None:
    noted = await db.counters.find_one_and_update(
        {"_id": "revocations"},
        {"$inc": {"value": 1}, "$push": {"users": user_id}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    if len(noted["users"]) > NAMED:
        await db.counters.update_one({"_id": "revocations"}, {"$pop": {"users": -1}})


async def forget_name(db: Collections, user_id: UserId) -> None:
    """The steps stay, since they are counted, under nobody's name."""
    while found := await db.counters.find_one({"_id": "revocations", "users": user_id}):
        nameless = ["" if user == user_id else user for user in found["users"]]
        as_read = {"_id": "revocations", "value": found["value"], "users": found["users"]}
        await db.counters.update_one(as_read, {"$set": {"users": nameless}})


class Revocations(Part):
    async def revoked_since(self, mark: int) -> Revoked:
        async with self._database.reading() as db:
            found = await db.counters.find_one({"_id": "revocations"})
        latest: int = 0 if found is None else found["value"]
        users: list[UserId] = [] if found is None else found["users"]
        steps = latest - mark
        if not 0 <= steps <= len(users):
            return Revoked(mark=latest, users=None)
        return Revoked(mark=latest, users=frozenset(users[len(users) - steps :]))
