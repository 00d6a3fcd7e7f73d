"""Links to conversations."""

import sqlite3

from tokenline.adapters.store_sqlite.documents import Documents, encode
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.ids import ConversationId, ShareId, UserId
from tokenline.contracts.shares import Share

SHARES = Documents(Share)

_SAME = "SELECT doc FROM shares WHERE conversation_id = ? AND message_id = ?"
_ADD = """
    INSERT INTO shares (id, token, owner_id, conversation_id, message_id, doc)
    SELECT ?, ?, ?, id, ?, ? FROM conversations WHERE id = ?
"""
_OF_OWNER = """
    SELECT doc FROM shares WHERE owner_id = ?1 AND (?2 IS NULL OR conversation_id = ?2) ORDER BY id DESC
"""


class Shares(Part):
    async def add_share(self, share: Share) -> Share | None:
        def work(connection: sqlite3.Connection) -> Share | None:
            same = SHARES.one(connection, _SAME, (share.conversation_id, share.message_id))
            if same is not None:
                return same
            values = (share.id, share.token, share.owner_id, share.message_id, encode(share), share.conversation_id)
            return share if connection.execute(_ADD, values).rowcount else None

        return await self._database.write(work)

    async def get_share(self, share_id: ShareId) -> Share | None:
        sql = "SELECT doc FROM shares WHERE id = ?"
        return await self._database.read(lambda connection: SHARES.one(connection, sql, (share_id,)))

    async def share_by_token(self, token: str) -> Share | None:
        sql = "SELECT doc FROM shares WHERE token = ?"
        return await self._database.read(lambda connection: SHARES.one(connection, sql, (token,)))

    async def shares(self, owner: UserId, conversation_id: ConversationId | None = None) -> list[Share]:
        return await self._database.scan(lambda db: SHARES.all(db, _OF_OWNER, (owner, conversation_id)))

    async def delete_share(self, share_id: ShareId) -> None:
        await self._database.execute("DELETE FROM shares WHERE id = ?", share_id)
