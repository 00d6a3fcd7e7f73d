"""Refresh tokens and API keys, known by their hashes."""

import sqlite3
from collections.abc import Mapping

from msgspec.structs import replace

from tokenline.adapters.store_sqlite.documents import Documents, encode
from tokenline.adapters.store_sqlite.part import Part
from tokenline.adapters.store_sqlite.revocations import note_revoked
from tokenline.contracts.accounts import ApiKey, RefreshToken
from tokenline.contracts.ids import ApiKeyId, UserId

REFRESH_TOKENS = Documents(RefreshToken)
API_KEYS = Documents(ApiKey)

# A token that is added while its family is being revoked is revoked with it.
_ADD = """
    INSERT INTO refresh_tokens (hash, family, user_id, expires_at, doc, revoked)
    VALUES (?, ?, ?, ?, ?, EXISTS (SELECT 1 FROM refresh_tokens WHERE family = ? AND revoked = 1))
"""
_SIGN_INS = """
    SELECT doc FROM refresh_tokens INDEXED BY refresh_tokens_of_user
    WHERE user_id = ? AND revoked = 0 AND expires_at > ? AND doc ->> '$.spent_at' IS NULL
"""
_USED = """
    UPDATE api_keys SET doc = json_set(doc, '$.used_at', ?) WHERE id = ? AND coalesce(doc ->> '$.used_at', 0) < ?
"""


class Credentials(Part):
    async def add_refresh_token(self, token: RefreshToken) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM refresh_tokens WHERE expires_at < ?", (self._clock.now(),))
            columns = (token.hash, token.family, token.user_id, token.expires_at)
            connection.execute(_ADD, (*columns, encode(token), token.family))

        await self._database.write(work)

    async def spend_refresh_token(self, token_hash: str, now: float) -> RefreshToken | None:
        def work(connection: sqlite3.Connection) -> RefreshToken | None:
            token = REFRESH_TOKENS.one(
                connection, "SELECT doc FROM refresh_tokens WHERE hash = ? AND revoked = 0", (token_hash,)
            )
            if token is not None and token.spent_at is None:
                connection.execute(
                    "UPDATE refresh_tokens SET doc = ? WHERE hash = ?",
                    (encode(replace(token, spent_at=now)), token_hash),
                )
            return token

        return await self._database.write(work)

    async def revoke_refresh_family(self, family: str, user_id: UserId) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE refresh_tokens SET revoked = 1 WHERE family = ?", (family,))
            note_revoked(connection, user_id)

        await self._database.write(work)

    async def refresh_family_is_live(self, family: str) -> bool:
        sql = "SELECT 1 FROM refresh_tokens WHERE family = ? AND revoked = 0 AND expires_at > ? LIMIT 1"
        parameters = (family, self._clock.now())
        row = await self._database.read(lambda connection: connection.execute(sql, parameters).fetchone())
        return row is not None

    async def sign_ins(self, user_id: UserId) -> list[RefreshToken]:
        parameters = (user_id, self._clock.now())
        found = await self._database.read(lambda connection: REFRESH_TOKENS.all(connection, _SIGN_INS, parameters))
        return sorted(found, key=lambda token: (-token.issued_at, token.hash))

    async def revoke_refresh_families(self, user_id: UserId, *, except_family: str | None = None) -> None:
        def work(connection: sqlite3.Connection) -> None:
            sql = "UPDATE refresh_tokens SET revoked = 1 WHERE user_id = ? AND family IS NOT ?"
            connection.execute(sql, (user_id, except_family))
            note_revoked(connection, user_id)

        await self._database.write(work)

    async def add_api_key(self, key: ApiKey) -> None:
        await self._database.execute(
            "INSERT INTO api_keys (id, user_id, hash, revoked, doc) VALUES (?, ?, ?, ?, ?)",
            key.id,
            key.user_id,
            key.hash,
            key.revoked_at is not None,
            encode(key),
        )

    async def api_keys(self, user_id: UserId) -> list[ApiKey]:
        keys = await self._database.read(
            lambda connection: API_KEYS.all(
                connection, "SELECT doc FROM api_keys WHERE user_id = ? AND revoked = 0", (user_id,)
            )
        )
        return sorted(keys, key=lambda key: (key.created_at, key.id))

    async def api_key_by_hash(self, key_hash: str) -> ApiKey | None:
        return await self._database.read(
            lambda connection: API_KEYS.one(
                connection, "SELECT doc FROM api_keys WHERE hash = ? AND revoked = 0", (key_hash,)
            )
        )

    async def revoke_api_key(self, key_id: ApiKeyId, user_id: UserId, now: float) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            key = API_KEYS.one(
                connection,
                "SELECT doc FROM api_keys WHERE id = ? AND user_id = ? AND revoked = 0",
                (key_id, user_id),
            )
            if key is None:
                return False
            connection.execute(
                "UPDATE api_keys SET revoked = 1, doc = ? WHERE id = ?",
                (encode(replace(key, revoked_at=now)), key_id),
            )
            note_revoked(connection, user_id)
            return True

        return await self._database.write(work)

    async def note_keys_used(self, used: Mapping[ApiKeyId, float]) -> None:
        rows = [(at, key_id, at) for key_id, at in used.items()]
        await self._database.write(lambda connection: connection.executemany(_USED, rows))
