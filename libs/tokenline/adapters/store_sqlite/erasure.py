"""Deleting an account with all that is its own."""

import sqlite3

from tokenline.adapters.store_sqlite.attachments import ATTACHMENTS
from tokenline.adapters.store_sqlite.audit import ENTRIES
from tokenline.adapters.store_sqlite.documents import Documents, as_list, encode
from tokenline.adapters.store_sqlite.part import Part
from tokenline.adapters.store_sqlite.revocations import forget_name, note_revoked
from tokenline.contracts.accounts import Erasure
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.errors import LastAdministrator
from tokenline.contracts.ids import ConversationId, UserId
from tokenline.contracts.limits import LimitName
from tokenline.core.erasure import without_name

ERASURES = Documents(Erasure)

_LAST_ADMIN = """
    SELECT 1 FROM users WHERE id = ?1 AND role = 'admin' AND NOT EXISTS (
        SELECT 1 FROM users WHERE role = 'admin' AND id <> ?1 AND NOT (doc ->> '$.disabled'))
"""
_CLOSE = (
    "DELETE FROM users WHERE id = ?",
    "DELETE FROM refresh_tokens WHERE user_id = ?",
    "DELETE FROM api_keys WHERE user_id = ?",
    "DELETE FROM identities WHERE user_id = ?",
)
_REST = (
    "DELETE FROM webhooks WHERE owner_id = ?",
    "DELETE FROM deliveries WHERE owner_id = ?",
    "DELETE FROM due_releases WHERE owner_id = ?",
    "DELETE FROM erasures WHERE user_id = ?",
)
_ATTACHMENTS = "SELECT doc FROM attachments INDEXED BY attachments_of_owner WHERE doc ->> '$.owner_id' = ? LIMIT ?"
_CONVERSATIONS = "SELECT id FROM conversations INDEXED BY conversations_of_owner WHERE owner_id = ? LIMIT ?"
_MENTIONS = "SELECT id FROM audit WHERE instr(doc, ?) OR instr(lower(doc), ?)"


def _close(connection: sqlite3.Connection, user_id: UserId) -> None:
    for sql in _CLOSE:
        connection.execute(sql, (user_id,))
    note_revoked(connection, user_id)


class Erasing(Part):
    async def begin_erasure(self, erasure: Erasure) -> bool:
        user_id = erasure.user_id

        def work(connection: sqlite3.Connection) -> bool:
            if connection.execute("SELECT 1 FROM users WHERE id = ?", (user_id,)).fetchone() is None:
                return False
            if connection.execute(_LAST_ADMIN, (user_id,)).fetchone() is not None:
                raise LastAdministrator
            sql = "INSERT INTO erasures (user_id, asked_at, doc) VALUES (?, ?, ?)"
            connection.execute(sql, (user_id, erasure.asked_at, encode(erasure)))
            _close(connection, user_id)
            return True

        return await self._database.write(work)

    async def close_account(self, user_id: UserId) -> None:
        await self._database.write(lambda connection: _close(connection, user_id))

    async def erasures(self, limit: int) -> list[Erasure]:
        sql = "SELECT doc FROM erasures ORDER BY asked_at LIMIT ?"
        return await self._database.read(lambda connection: ERASURES.all(connection, sql, (limit,)))

    async def owned_attachments(self, owner: UserId, limit: int) -> list[Attachment]:
        return await self._database.scan(lambda connection: ATTACHMENTS.all(connection, _ATTACHMENTS, (owner, limit)))

    async def owned_conversations(self, owner: UserId, limit: int) -> list[ConversationId]:
        rows = await self._database.scan(lambda db: db.execute(_CONVERSATIONS, (owner, limit)).fetchall())
        return [conversation_id for (conversation_id,) in rows]

    async def finish_erasure(self, erasure: Erasure) -> None:
        # Found by a reader: the log is long, and writers wait for one another.
        wanted = (erasure.user_id, erasure.email.lower())
        mentions = await self._database.scan(lambda db: db.execute(_MENTIONS, wanted).fetchall())

        def work(connection: sqlite3.Connection) -> None:
            for row in mentions:
                entry = ENTRIES.one(connection, "SELECT doc FROM audit WHERE id = ?", row)
                if entry is not None:
                    anonymous = encode(without_name(entry, erasure))
                    connection.execute("UPDATE audit SET doc = ? WHERE id = ?", (anonymous, *row))
            _close(connection, erasure.user_id)
            for sql in _REST:
                connection.execute(sql, (erasure.user_id,))
            keys = as_list([f"{name} user:{erasure.user_id}" for name in LimitName])
            connection.execute("DELETE FROM used WHERE key IN (SELECT value FROM json_each(?))", (keys,))
            forget_name(connection, erasure.user_id)

        await self._database.write(work)
