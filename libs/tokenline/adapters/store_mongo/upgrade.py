"""What documents of an earlier version lack. Each step may be done again, and by several processes at once."""

from tokenline.adapters.store_mongo.attachments import ATTACHMENTS
from tokenline.adapters.store_mongo.credentials import REFRESH_TOKENS
from tokenline.adapters.store_mongo.database import Collections


async def name_users_of_sign_ins(db: Collections) -> None:
    async for document in db.refresh_tokens.find({"user_id": {"$exists": False}}):
        user = {"$set": {"user_id": REFRESH_TOKENS.of(document).user_id}}
        await db.refresh_families.update_one({"_id": document["family"]}, user)
        await db.refresh_tokens.update_one({"_id": document["_id"]}, user)


async def note_unsent_files(db: Collections) -> None:
    unsent = {"conversation_id": None, "unsent_since": {"$exists": False}, "doc": {"$exists": True}}
    async for document in db.attachments.find(unsent):
        since = {"$set": {"unsent_since": ATTACHMENTS.of(document).created_at}}
        await db.attachments.update_one({"_id": document["_id"], "conversation_id": None}, since)


async def name_owners_of_files(db: Collections) -> None:
    async for document in db.attachments.find({"owner_id": {"$exists": False}, "doc": {"$exists": True}}):
        owner = {"$set": {"owner_id": ATTACHMENTS.of(document).owner_id}}
        await db.attachments.update_one({"_id": document["_id"]}, owner)
