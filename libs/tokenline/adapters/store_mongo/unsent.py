"""Files that no message took."""

from tokenline.adapters.store_mongo.attachments import ATTACHMENTS
from tokenline.adapters.store_mongo.database import Document
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.attachments import Attachment

_NOBODYS: Document = {"conversation_id": None}


class Unsent(Part):
    async def expire_unsent(self, created_before: float, now: float, limit: int) -> int:
        unmarked: Document = {"unsent_since": {"$lt": created_before}, "expired_at": {"$exists": False}}
        async with self._database.writing() as db:
            oldest_first = db.attachments.find(unmarked, {"_id": 1}).sort("unsent_since", 1).limit(limit)
            found = [document["_id"] for document in await oldest_first.to_list(None)]
            if not found:
                return 0
            still: Document = {"_id": {"$in": found}, **_NOBODYS, "doc": {"$exists": True}}
            marked = await db.attachments.update_many(still, {"$set": {"expired_at": now}})
            return int(marked.modified_count)

    async def expired_unsent(self, marked_before: float, limit: int) -> list[Attachment]:
        async with self._database.reading() as db:
            marked = db.attachments.find({"expired_at": {"$lte": marked_before}, **_NOBODYS})
            found = await marked.sort("expired_at", 1).limit(limit).to_list(None)
        return [ATTACHMENTS.of(document) for document in found if "doc" in document]
