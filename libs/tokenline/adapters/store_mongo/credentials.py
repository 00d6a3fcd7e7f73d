"""Refresh tokens and API keys, known by their hashes."""

from collections.abc import Mapping

from tokenline.adapters.store_mongo.database import Document
from tokenline.adapters.store_mongo.documents import Documents, encode, insert_new
from tokenline.adapters.store_mongo.part import Part
from tokenline.adapters.store_mongo.revocations import revoking
from tokenline.contracts.accounts import ApiKey, RefreshToken
from tokenline.contracts.ids import ApiKeyId, UserId

REFRESH_TOKENS = Documents(RefreshToken, "spent_at")
API_KEYS = Documents(ApiKey, "revoked_at", "used_at")


class Credentials(Part):
    """A family is a document of its own, so that revoking it is one write that no token can slip past."""

    async def add_refresh_token(self, token: RefreshToken) -> None:
        async with self._database.writing() as db:
            expired = {"expires_at": {"$lt": self._clock.now()}}
            await db.refresh_tokens.delete_many(expired)
            await db.refresh_families.delete_many(expired)
            # The family first: a token whose family is unknown is dead.
            lasts = {"$max": {"expires_at": token.expires_at}, "$set": {"user_id": token.user_id}}
            await db.refresh_families.update_one({"_id": token.family}, lasts, upsert=True)
            fields = {
                "family": token.family,
                "user_id": token.user_id,
                "expires_at": token.expires_at,
                "doc": encode(token),
            }
            await insert_new(db.refresh_tokens, {"_id": token.hash, "spent_at": token.spent_at, **fields})

    async def spend_refresh_token(self, token_hash: str, now: float) -> RefreshToken | None:
        async with self._database.writing() as db:
            unspent = {"_id": token_hash, "spent_at": None}
            found: Document | None = await db.refresh_tokens.find_one_and_update(unspent, {"$set": {"spent_at": now}})
            if found is None:
                found = await db.refresh_tokens.find_one({"_id": token_hash})
            if found is None:
                return None
            family = await db.refresh_families.find_one({"_id": found["family"]})
            alive = family is not None and "revoked" not in family
            return REFRESH_TOKENS.of(found) if alive else None

    async def revoke_refresh_family(self, family: str, user_id: UserId) -> None:
        async with self._database.writing() as db, revoking(db, user_id):
            await db.refresh_families.update_one({"_id": family}, {"$set": {"revoked": True}})

    async def refresh_family_is_live(self, family: str) -> bool:
        async with self._database.reading() as db:
            found = await db.refresh_families.find_one({"_id": family})
        return found is not None and "revoked" not in found and found["expires_at"] > self._clock.now()

    async def sign_ins(self, user_id: UserId) -> list[RefreshToken]:
        theirs: Document = {"user_id": user_id, "expires_at": {"$gt": self._clock.now()}}
        async with self._database.reading() as db:
            families = await db.refresh_families.find({**theirs, "revoked": {"$exists": False}}).to_list(None)
            live = {"family": {"$in": [family["_id"] for family in families]}}
            found = await db.refresh_tokens.find({**theirs, **live, "spent_at": None}).to_list(None)
        return sorted(map(REFRESH_TOKENS.of, found), key=lambda token: (-token.issued_at, token.hash))

    async def revoke_refresh_families(self, user_id: UserId, *, except_family: str | None = None) -> None:
        theirs: Document = {"user_id": user_id, "_id": {"$ne": except_family}}
        async with self._database.writing() as db, revoking(db, user_id):
            await db.refresh_families.update_many(theirs, {"$set": {"revoked": True}})

    async def add_api_key(self, key: ApiKey) -> None:
        fields = {"user_id": key.user_id, "hash": key.hash, "revoked_at": key.revoked_at, "doc": encode(key)}
        async with self._database.writing() as db:
            await db.api_keys.insert_one({"_id": key.id, **fields})

    async def api_keys(self, user_id: UserId) -> list[ApiKey]:
        async with self._database.reading() as db:
            found = await db.api_keys.find({"user_id": user_id, "revoked_at": None}).to_list(None)
        return sorted(map(API_KEYS.of, found), key=lambda key: (key.created_at, key.id))

    async def api_key_by_hash(self, key_hash: str) -> ApiKey | None:
        async with self._database.reading() as db:
            return API_KEYS.maybe(await db.api_keys.find_one({"hash": key_hash, "revoked_at": None}))

    async def revoke_api_key(self, key_id: ApiKeyId, user_id: UserId, now: float) -> bool:
        async with self._database.writing() as db:
            theirs = {"_id": key_id, "user_id": user_id, "revoked_at": None}
            if await db.api_keys.find_one(theirs, {"_id": 1}) is None:
                return False
            async with revoking(db, user_id):
                return (await db.api_keys.update_one(theirs, {"$set": {"revoked_at": now}})).matched_count == 1

    async def note_keys_used(self, used: Mapping[ApiKeyId, float]) -> None:
        async with self._database.writing() as db:
            for key_id, at in used.items():
                await db.api_keys.update_one({"_id": key_id}, {"$max": {"used_at": at}})
