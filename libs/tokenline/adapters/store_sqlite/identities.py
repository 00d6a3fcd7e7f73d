"""Who users are at OpenID Connect providers."""

from tokenline.adapters.store_sqlite.documents import Documents, encode
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.accounts import Identity

IDENTITIES = Documents(Identity)

_PUT = """
    INSERT INTO identities (issuer, subject, user_id, doc) VALUES (?, ?, ?, ?)
    ON CONFLICT (issuer, subject) DO UPDATE SET user_id = excluded.user_id, doc = excluded.doc
"""


class Identities(Part):
    async def identity(self, issuer: str, subject: str) -> Identity | None:
        sql = "SELECT doc FROM identities WHERE issuer = ? AND subject = ?"
        return await self._database.read(lambda connection: IDENTITIES.one(connection, sql, (issuer, subject)))

    async def put_identity(self, identity: Identity) -> None:
        await self._database.execute(_PUT, identity.issuer, identity.subject, identity.user_id, encode(identity))
