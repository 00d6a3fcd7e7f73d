"""Counters of limits: a row each, read and written inside one transaction."""

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from tokenline.adapters.store_sqlite.part import Part
from tokenline.contracts.base import to_json
from tokenline.contracts.limits import Charge, Used
from tokenline.core import windows
from tokenline.core.refusals import rate_limited

_WRITE = """
    INSERT INTO used (key, over_at, entries) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET over_at = excluded.over_at, entries = excluded.entries
"""
_FORGET = "DELETE FROM used WHERE key IN (SELECT key FROM used WHERE over_at < ? LIMIT ?)"

_decode = msgspec.json.Decoder(windows.Entries).decode


def charge(connection: sqlite3.Connection, charges: Sequence[Charge], now: float) -> tuple[Used, ...]:
    """Inside a write. Raises `RateLimited` with nothing written."""
    found = [(one, _live(connection, one, now)) for one in charges]
    full = [windows.state(entries, one, now) for one, entries in found if windows.free_at(entries, one) is not None]
    if full:
        raise rate_limited(full, now)
    return tuple(windows.state(_add(connection, one, entries, now), one, now) for one, entries in found)


def count(connection: sqlite3.Connection, charges: Iterable[Charge], now: float) -> None:
    """What was used, whether there was room or not. Inside a write."""
    for one in charges:
        _add(connection, one, _live(connection, one, now), now)


def _live(connection: sqlite3.Connection, one: Charge, now: float) -> windows.Entries:
    row = connection.execute("SELECT entries FROM used WHERE key = ?", (_key(one),)).fetchone()
    return () if row is None else windows.live(_decode(row[0]), one.limit, now)


def _add(connection: sqlite3.Connection, one: Charge, entries: windows.Entries, now: float) -> windows.Entries:
    added = windows.add(entries, one.limit, one.amount, now)
    if added != entries:
        _write(connection, one, added)
    return added


def _write(connection: sqlite3.Connection, one: Charge, entries: windows.Entries) -> None:
    if entries:
        connection.execute(_WRITE, (_key(one), entries[-1][0] + one.limit.per_s, to_json(entries).decode()))
    else:
        connection.execute("DELETE FROM used WHERE key = ?", (_key(one),))


def _key(one: Charge) -> str:
    return f"{one.name} {one.subject}"


class Limits(Part):
    async def charge(self, charges: Sequence[Charge], now: float) -> tuple[Used, ...]:
        return await self._database.write(lambda connection: charge(connection, charges, now))

    async def give_back(self, charges: Sequence[Charge], now: float) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for one in charges:
                _write(connection, one, windows.take_back(_live(connection, one, now), one.amount))

        await self._database.write(work)

    async def used(self, charges: Sequence[Charge], now: float) -> tuple[Used, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Used, ...]:
            return tuple(windows.state(_live(connection, one, now), one, now) for one in charges)

        return await self._database.read(work)

    async def forget_used(self, before: float, limit: int) -> int:
        # Asked first, on a connection that only reads: mostly there is nothing, and a write has to reach the disk.
        over = "SELECT 1 FROM used WHERE over_at < ? LIMIT 1"
        if await self._database.read(lambda connection: connection.execute(over, (before,)).fetchone()) is None:
            return 0
        return await self._database.execute(_FORGET, before, limit)
