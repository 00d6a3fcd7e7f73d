"""Users."""

from collections.abc import Sequence

from pymongo.errors import DuplicateKeyError

from tokenline.adapters.store_mongo.database import Document
from tokenline.adapters.store_mongo.documents import Documents, encode, insert_new
from tokenline.adapters.store_mongo.part import Part
from tokenline.adapters.store_mongo.revocations import revoking
from tokenline.contracts.accounts import User
from tokenline.contracts.errors import Conflict
from tokenline.contracts.ids import UserId
from tokenline.core.ports.store import UserChange

USERS = Documents(User)

_TAKEN = "There is an account with this e-mail address."


def _fields(user: User) -> Document:
    return {"email": user.email, "role": user.role.value, "doc": encode(user)}


class Accounts(Part):
    async def create_user(self, user: User) -> None:
        async with self._database.writing() as db:
            if not await insert_new(db.users, {"_id": user.id, **_fields(user)}):
                raise Conflict(_TAKEN)

    async def update_user(self, user: User) -> None:
        async with self._database.writing() as db:
            # The unique index decides; asking first is for FerretDB, which gives its refusal of an update no code.
            if await db.users.find_one({"email": user.email, "_id": {"$ne": user.id}}, {"_id": 1}) is not None:
                raise Conflict(_TAKEN)
            try:
                async with revoking(db, user.id):
                    await db.users.update_one({"_id": user.id}, {"$set": _fields(user)})
            except DuplicateKeyError as error:
                raise Conflict(_TAKEN) from error

    async def change_user(self, user_id: UserId, change: UserChange) -> User | None:
        async with self._database.writing() as db:
            while found := await db.users.find_one({"_id": user_id}):
                stored = USERS.of(found)
                after = change(stored)
                if after is stored:
                    return stored
                if await db.users.find_one({"email": after.email, "_id": {"$ne": user_id}}, {"_id": 1}) is not None:
                    raise Conflict(_TAKEN)
                async with revoking(db, user_id):
                    as_read = {"_id": user_id, "doc": found["doc"]}
                    if (await db.users.update_one(as_read, {"$set": _fields(after)})).matched_count:
                        return after
            return None

    async def get_user(self, user_id: UserId) -> User | None:
        async with self._database.reading() as db:
            return USERS.maybe(await db.users.find_one({"_id": user_id}))

    async def get_users(self, user_ids: Sequence[UserId]) -> list[User]:
        async with self._database.reading() as db:
            found = await db.users.find({"_id": {"$in": list(user_ids)}}).to_list(None)
        by_id = {document["_id"]: USERS.of(document) for document in found}
        return [by_id[i] for i in user_ids if i in by_id]

    async def user_by_email(self, email: str) -> User | None:
        async with self._database.reading() as db:
            return USERS.maybe(await db.users.find_one({"email": email}))

    async def has_admin(self, besides: UserId | None = None) -> bool:
        async with self._database.reading() as db:
            admins = map(USERS.of, await db.users.find({"role": "admin"}).to_list(None))
        return any(besides is None or (admin.id != besides and not admin.disabled) for admin in admins)
