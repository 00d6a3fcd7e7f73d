"""What administrators did, and the pools they paused."""

from tokenline.adapters.store_mongo.documents import Documents, encode, insert_new, next_seq
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.admin import AuditEntry
from tokenline.contracts.ids import Pool
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store import AuditPage

ENTRIES = Documents(AuditEntry, "outcome")

_MAX_NUMBER = 2**63 - 1


class Audit(Part):
    async def add_audit(self, entry: AuditEntry) -> None:
        async with self._database.writing() as db:
            await insert_new(db.audit, {"_id": entry.id, "number": await next_seq(db), "doc": encode(entry)})

    async def close_audit(self, entry_id: str, outcome: str) -> None:
        async with self._database.writing() as db:
            await db.audit.update_one({"_id": entry_id}, {"$set": {"outcome": outcome}})

    async def audit(self, *, cursor: str | None = None, limit: int = 50) -> AuditPage:
        before = _MAX_NUMBER if cursor is None else min(decode_cursor(cursor, int), _MAX_NUMBER)
        async with self._database.reading() as db:
            latest_first = db.audit.find({"number": {"$lt": before}}).sort("number", -1).limit(limit + 1)
            found = await latest_first.to_list(None)
        more = encode_cursor(found[limit - 1]["number"]) if len(found) > limit else None
        return AuditPage(items=tuple(map(ENTRIES.of, found[:limit])), next=more)

    async def pause_pool(self, pool: Pool, *, paused: bool) -> bool:
        async with self._database.writing() as db:
            if paused:
                return await insert_new(db.paused_pools, {"_id": pool})
            return (await db.paused_pools.delete_one({"_id": pool})).deleted_count == 1

    async def paused_pools(self) -> frozenset[Pool]:
        async with self._database.reading() as db:
            return frozenset(found["_id"] for found in await db.paused_pools.find().to_list(None))
