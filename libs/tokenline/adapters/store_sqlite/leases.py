"""Leases: who holds what, until when, on the store's clock."""

import sqlite3

from tokenline.adapters.store_sqlite.part import Part

_RENEW = """
    INSERT INTO leases (name, holder, expires_at) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
    WHERE leases.holder = excluded.holder OR leases.expires_at <= ?
"""
# Every start of a worker leaves a lease of its own behind.
_FORGET_AFTER_S = 3600.0


class Leases(Part):
    async def now(self) -> float:
        return self._clock.now()

    async def renew_lease(self, name: str, holder: str, ttl_s: float) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            now = self._clock.now()
            connection.execute("DELETE FROM leases WHERE expires_at < ?", (now - _FORGET_AFTER_S,))
            return connection.execute(_RENEW, (name, holder, now + ttl_s, now)).rowcount == 1

        return await self._database.write(work)

    async def drop_lease(self, name: str, holder: str) -> None:
        await self._database.execute("DELETE FROM leases WHERE name = ? AND holder = ?", name, holder)
