"""Users."""

import sqlite3
from collections.abc import Sequence

from tokenline.adapters.store_sqlite.documents import Documents, as_list, encode
from tokenline.adapters.store_sqlite.part import Part
from tokenline.adapters.store_sqlite.revocations import note_revoked
from tokenline.contracts.accounts import User
from tokenline.contracts.errors import Conflict
from tokenline.contracts.ids import UserId
from tokenline.core.ports.store import UserChange

USERS = Documents(User)

_UPDATE = "UPDATE users SET email = ?, role = ?, doc = ? WHERE id = ?"
_OTHER_ADMIN = "SELECT 1 FROM users WHERE role = 'admin' AND id <> ? AND NOT (doc ->> '$.disabled') LIMIT 1"


def _write(connection: sqlite3.Connection, sql: str, user: User) -> None:
    try:
        connection.execute(sql, (user.email, user.role.value, encode(user), user.id))
    except sqlite3.IntegrityError as error:
        raise Conflict("There is an account with this e-mail address.") from error


class Accounts(Part):
    async def create_user(self, user: User) -> None:
        sql = "INSERT INTO users (email, role, doc, id) VALUES (?, ?, ?, ?)"
        await self._database.write(lambda connection: _write(connection, sql, user))

    async def update_user(self, user: User) -> None:
        def work(connection: sqlite3.Connection) -> None:
            _write(connection, _UPDATE, user)
            note_revoked(connection, user.id)

        await self._database.write(work)

    async def change_user(self, user_id: UserId, change: UserChange) -> User | None:
        def work(connection: sqlite3.Connection) -> User | None:
            stored = USERS.one(connection, "SELECT doc FROM users WHERE id = ?", (user_id,))
            if stored is None:
                return None
            after = change(stored)
            if after is not stored:
                _write(connection, _UPDATE, after)
                note_revoked(connection, user_id)
            return after

        return await self._database.write(work)

    async def get_user(self, user_id: UserId) -> User | None:
        return await self._database.read(
            lambda connection: USERS.one(connection, "SELECT doc FROM users WHERE id = ?", (user_id,))
        )

    async def get_users(self, user_ids: Sequence[UserId]) -> list[User]:
        found = await self._database.read(
            lambda connection: USERS.all(
                connection,
                "SELECT doc FROM users WHERE id IN (SELECT value FROM json_each(?))",
                (as_list(user_ids),),
            )
        )
        by_id = {user.id: user for user in found}
        return [by_id[i] for i in user_ids if i in by_id]

    async def user_by_email(self, email: str) -> User | None:
        return await self._database.read(
            lambda connection: USERS.one(connection, "SELECT doc FROM users WHERE email = ?", (email,))
        )

    async def has_admin(self, besides: UserId | None = None) -> bool:
        sql = "SELECT 1 FROM users WHERE role = 'admin' LIMIT 1" if besides is None else _OTHER_ADMIN
        parameters = () if besides is None else (besides,)
        row = await self._database.read(lambda connection: connection.execute(sql, parameters).fetchone())
        return row is not None
