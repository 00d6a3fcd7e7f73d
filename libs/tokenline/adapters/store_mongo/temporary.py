"""Temporary conversations, and when they go."""

from tokenline.adapters.store_mongo.chat import CONVERSATIONS
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.chat import Conversation
from tokenline.contracts.ids import ConversationId
from tokenline.core.ports.store.temporary import UNKEPT_S


class Temporary(Part):
    async def keep_temporary(self, conversation_id: ConversationId, for_s: float) -> None:
        async with self._database.writing() as db:
            until = await self._store_time(db) + for_s
            this = {"_id": conversation_id, "temporary": True}
            await db.conversations.update_one(this, {"$set": {"expires_at": until}})

    async def expired_conversations(self, limit: int) -> list[Conversation]:
        async with self._database.reading() as db:
            now = await self._store_time(db)
            due = [
                {"expires_at": {"$lte": now}},
                {"expires_at": {"$exists": False}, "updated_at": {"$lte": now - UNKEPT_S}},
            ]
            oldest_first = db.conversations.find({"temporary": True, "$or": due}).sort("updated_at", 1)
            return [CONVERSATIONS.of(document) for document in await oldest_first.limit(limit).to_list(None)]
