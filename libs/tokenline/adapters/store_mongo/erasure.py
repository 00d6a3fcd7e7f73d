"""Deleting an account with all that is its own."""

from tokenline.adapters.store_mongo.accounts import USERS
from tokenline.adapters.store_mongo.attachments import ATTACHMENTS
from tokenline.adapters.store_mongo.audit import ENTRIES
from tokenline.adapters.store_mongo.database import Collections
from tokenline.adapters.store_mongo.documents import Documents, encode, insert_new
from tokenline.adapters.store_mongo.part import Part
from tokenline.adapters.store_mongo.revocations import forget_name, revoking
from tokenline.contracts.accounts import Erasure, Role
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.errors import LastAdministrator
from tokenline.contracts.ids import ConversationId, UserId
from tokenline.contracts.limits import LimitName
from tokenline.core.erasure import without_name

ERASURES = Documents(Erasure)


async def _close(db: Collections, user_id: UserId) -> None:
    async with revoking(db, user_id):
        await db.users.delete_one({"_id": user_id})
        # Families before tokens: a token whose family is unknown is dead.
        for collection in (db.refresh_families, db.refresh_tokens, db.api_keys, db.identities):
            await collection.delete_many({"user_id": user_id})


class Erasing(Part):
    async def begin_erasure(self, erasure: Erasure) -> bool:
        async with self._database.writing() as db:
            user = USERS.maybe(await db.users.find_one({"_id": erasure.user_id}))
            if user is None:
                return False
            if user.role is Role.ADMIN:
                admins = map(USERS.of, await db.users.find({"role": "admin"}).to_list(None))
                if all(admin.id == user.id or admin.disabled for admin in admins):
                    raise LastAdministrator
            await insert_new(
                db.erasures, {"_id": erasure.user_id, "asked_at": erasure.asked_at, "doc": encode(erasure)}
            )
            await _close(db, erasure.user_id)
            return True

    async def close_account(self, user_id: UserId) -> None:
        async with self._database.writing() as db:
            await _close(db, user_id)

    async def erasures(self, limit: int) -> list[Erasure]:
        async with self._database.reading() as db:
            found = await db.erasures.find().sort("asked_at", 1).limit(limit).to_list(None)
        return [ERASURES.of(document) for document in found]

    async def owned_attachments(self, owner: UserId, limit: int) -> list[Attachment]:
        async with self._database.reading() as db:
            found = await db.attachments.find({"owner_id": owner}).limit(limit).to_list(None)
        return [ATTACHMENTS.of(document) for document in found if "doc" in document]

    async def owned_conversations(self, owner: UserId, limit: int) -> list[ConversationId]:
        async with self._database.reading() as db:
            found = await db.conversations.find({"owner_id": owner}, {"_id": 1}).limit(limit).to_list(None)
        return [document["_id"] for document in found]

    async def finish_erasure(self, erasure: Erasure) -> None:
        owner = erasure.user_id
        async with self._database.writing() as db:
            await _anonymise(db, erasure)
            await _close(db, owner)
            await db.webhooks.delete_many({"owner_id": owner})
            for collection in (db.tickets, db.attachments):
                # What was deleted while it carried a note.
                await collection.delete_many({"due.owner_id": owner, "doc": {"$exists": False}})
            await db.gates.delete_one({"_id": owner})
            await db.used.delete_many({"_id": {"$in": [f"{name} user:{owner}" for name in LimitName]}})
            await forget_name(db, owner)
            await db.erasures.delete_one({"_id": owner})


async def _anonymise(db: Collections, erasure: Erasure) -> None:
    """Reads the log once: it says what people did, so it is short beside what programs do."""
    async for document in db.audit.find():
        entry = ENTRIES.of(document)
        anonymous = without_name(entry, erasure)
        if anonymous != entry:
            await db.audit.update_one({"_id": document["_id"]}, {"$set": {"doc": encode(anonymous)}})
