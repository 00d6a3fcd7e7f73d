"""Who users are at OpenID Connect providers."""

from tokenline.adapters.store_mongo.documents import Documents, encode
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.accounts import Identity

IDENTITIES = Documents(Identity)


def _id(issuer: str, subject: str) -> str:
    """The length says where the one ends and the other begins."""
    return f"{len(issuer)} {issuer} {subject}"


class Identities(Part):
    async def identity(self, issuer: str, subject: str) -> Identity | None:
        async with self._database.reading() as db:
            return IDENTITIES.maybe(await db.identities.find_one({"_id": _id(issuer, subject)}))

    async def put_identity(self, identity: Identity) -> None:
        document = {"_id": _id(identity.issuer, identity.subject), "user_id": identity.user_id, "doc": encode(identity)}
        async with self._database.writing() as db:
            await db.identities.replace_one({"_id": document["_id"]}, document, upsert=True)
