"""Leases: who holds what, until when, on the store's clock; and that clock."""

from tokenline.adapters.store_mongo.documents import insert_new
from tokenline.adapters.store_mongo.part import Part

# Every start of a worker leaves a lease of its own behind.
_FORGET_AFTER_S = 3600.0


class Leases(Part):
    async def now(self) -> float:
        async with self._database.reading() as db:
            return await self._store_time(db)

    async def renew_lease(self, name: str, holder: str, ttl_s: float) -> bool:
        async with self._database.writing() as db:
            now = await self._store_time(db)
            free_to_us = {"_id": name, "$or": [{"holder": holder}, {"expires_at": {"$lte": now}}]}
            held = {"holder": holder, "expires_at": now + ttl_s}
            renewed = await db.leases.update_one(free_to_us, {"$set": held})
            if renewed.matched_count:
                return True
            await db.leases.delete_many({"expires_at": {"$lt": now - _FORGET_AFTER_S}})
            return await insert_new(db.leases, {"_id": name, **held})

    async def drop_lease(self, name: str, holder: str) -> None:
        async with self._database.writing() as db:
            await db.leases.delete_one({"_id": name, "holder": holder})
