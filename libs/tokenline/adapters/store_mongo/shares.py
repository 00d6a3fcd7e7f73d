"""Links to conversations."""

from tokenline.adapters.store_mongo.database import Collections, Document
from tokenline.adapters.store_mongo.documents import Documents, encode, insert_new
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.ids import ConversationId, ShareId, UserId
from tokenline.contracts.shares import Share

SHARES = Documents(Share)


class Shares(Part):
    async def add_share(self, share: Share) -> Share | None:
        async with self._database.writing() as db:
            this = {"conversation_id": share.conversation_id, "message_id": share.message_id}
            if (same := SHARES.maybe(await db.shares.find_one(this))) is not None:
                return same
            fields = {"token": share.token, "owner_id": share.owner_id, "doc": encode(share)}
            await insert_new(db.shares, {"_id": share.id, **this, **fields})
            # After it was written: who deletes a conversation removes it before its links.
            if await _lives(db, share.conversation_id):
                return share
            await db.shares.delete_one({"_id": share.id})
            return None

    async def get_share(self, share_id: ShareId) -> Share | None:
        async with self._database.reading() as db:
            return SHARES.maybe(await db.shares.find_one({"_id": share_id}))

    async def share_by_token(self, token: str) -> Share | None:
        async with self._database.reading() as db:
            return SHARES.maybe(await db.shares.find_one({"token": token}))

    async def shares(self, owner: UserId, conversation_id: ConversationId | None = None) -> list[Share]:
        wanted: Document = {"owner_id": owner}
        if conversation_id is not None:
            wanted["conversation_id"] = conversation_id
        async with self._database.reading() as db:
            return [SHARES.of(found) for found in await db.shares.find(wanted).sort("_id", -1).to_list(None)]

    async def delete_share(self, share_id: ShareId) -> None:
        async with self._database.writing() as db:
            await db.shares.delete_one({"_id": share_id})


async def _lives(db: Collections, conversation_id: ConversationId) -> bool:
    return await db.conversations.find_one({"_id": conversation_id, "deleted_at": None}, {"_id": 1}) is not None
