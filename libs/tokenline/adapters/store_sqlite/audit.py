"""What administrators did, and the pools they paused."""

import sqlite3

from msgspec.structs import replace

from tokenline.adapters.store_sqlite.documents import Documents, encode
from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.admin import AuditEntry
from tokenline.contracts.ids import Pool
from tokenline.core.paging import decode_cursor, encode_cursor
from tokenline.core.ports.store import AuditPage

ENTRIES = Documents(AuditEntry)

_MAX_NUMBER = 2**63 - 1


class Audit(Part):
    async def add_audit(self, entry: AuditEntry) -> None:
        await self._database.execute("INSERT INTO audit (id, doc) VALUES (?, ?)", entry.id, encode(entry))

    async def close_audit(self, entry_id: str, outcome: str) -> None:
        def work(connection: sqlite3.Connection) -> None:
            entry = ENTRIES.one(connection, "SELECT doc FROM audit WHERE id = ?", (entry_id,))
            if entry is not None:
                closed = encode(replace(entry, outcome=outcome))
                connection.execute("UPDATE audit SET doc = ? WHERE id = ?", (closed, entry_id))

        await self._database.write(work)

    async def audit(self, *, cursor: str | None = None, limit: int = 50) -> AuditPage:
        before = _MAX_NUMBER if cursor is None else min(decode_cursor(cursor, int), _MAX_NUMBER)
        sql = "SELECT number, doc FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?"
        rows = await self._database.scan(lambda db: db.execute(sql, (before, limit + 1)).fetchall())
        kept = rows[:limit]
        more = encode_cursor(kept[-1][0]) if len(rows) > limit else None
        return AuditPage(items=tuple(ENTRIES.of(doc for _, doc in kept)), next=more)

    async def pause_pool(self, pool: Pool, *, paused: bool) -> bool:
        if paused:
            rows = await self._database.execute("INSERT INTO paused_pools VALUES (?) ON CONFLICT DO NOTHING", pool)
        else:
            rows = await self._database.execute("DELETE FROM paused_pools WHERE pool = ?", pool)
        return rows == 1

    async def paused_pools(self) -> frozenset[Pool]:
        rows = await self._database.read(lambda db: db.execute("SELECT pool FROM paused_pools").fetchall())
        return frozenset(pool for (pool,) in rows)
