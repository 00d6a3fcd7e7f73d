"""Counters of limits: a document each, changed by compare-and-set."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

import msgspec

from tokenline.adapters.store_mongo.database import Collections
from tokenline.adapters.store_mongo.documents import insert_new
from tokenline.adapters.store_mongo.part import Part
from tokenline.contracts.base import to_json
from tokenline.contracts.limits import Charge, Used
from tokenline.core import windows
from tokenline.core.refusals import rate_limited

Change = Callable[[windows.Entries], windows.Entries | None]

_decode = msgspec.json.Decoder(windows.Entries).decode


async def charge(db: Collections, charges: Sequence[Charge], now: float) -> tuple[Used, ...]:
    """Raises `RateLimited` with nothing counted: beside one without room the others are given back."""
    outcomes = await asyncio.gather(*(_charge(db, one, now) for one in charges))
    full = [state for admitted, state in outcomes if not admitted]
    if full:
        await give_back(db, [one for one, (admitted, _) in zip(charges, outcomes, strict=True) if admitted], now)
        raise rate_limited(full, now)
    return tuple(state for _, state in outcomes)


async def _charge(db: Collections, one: Charge, now: float) -> tuple[bool, Used]:
    admitted, after = True, windows.Entries()

    def judge(entries: windows.Entries) -> windows.Entries | None:
        nonlocal admitted, after
        admitted, after = windows.free_at(entries, one) is None, entries
        if admitted:
            after = windows.add(entries, one.limit, one.amount, now)
        return after if after != entries else None

    await _change(db, one, judge, now)
    return admitted, windows.state(after, one, now)


async def count(db: Collections, charges: Iterable[Charge], now: float) -> None:
    """What was used, whether there was room or not."""
    for one in charges:

        def more(entries: windows.Entries, one: Charge = one) -> windows.Entries:
            return windows.add(entries, one.limit, one.amount, now)

        await _change(db, one, more, now)


async def give_back(db: Collections, charges: Iterable[Charge], now: float) -> None:
    for one in charges:

        def less(entries: windows.Entries, one: Charge = one) -> windows.Entries:
            return windows.take_back(entries, one.amount)

        await _change(db, one, less, now)


async def _change(db: Collections, one: Charge, change: Change, now: float) -> None:
    """Read, decide, write if nobody wrote meanwhile, or again. ``None`` from ``change``: nothing is to be written."""
    key = _key(one)
    while True:
        found = await db.used.find_one({"_id": key})
        entries = () if found is None else windows.live(_decode(found["entries"]), one.limit, now)
        wanted = change(entries)
        if wanted is None or (found is None and not wanted):
            return
        over_at = wanted[-1][0] + one.limit.per_s if wanted else now
        fields = {"over_at": over_at, "entries": to_json(wanted).decode()}
        if found is None:
            if await insert_new(db.used, {"_id": key, "version": 1, **fields}):
                return
        else:
            before = {"_id": key, "version": found["version"]}
            fields |= {"version": found["version"] + 1}
            if (await db.used.update_one(before, {"$set": fields})).matched_count:
                return


def _key(one: Charge) -> str:
    return f"{one.name} {one.subject}"


class Limits(Part):
    async def charge(self, charges: Sequence[Charge], now: float) -> tuple[Used, ...]:
        async with self._database.writing() as db:
            return await charge(db, charges, now)

    async def give_back(self, charges: Sequence[Charge], now: float) -> None:
        async with self._database.writing() as db:
            await give_back(db, charges, now)

    async def used(self, charges: Sequence[Charge], now: float) -> tuple[Used, ...]:
        async with self._database.reading() as db:
            found = await db.used.find({"_id": {"$in": [_key(one) for one in charges]}}).to_list(None)
        entries = {document["_id"]: _decode(document["entries"]) for document in found}
        return tuple(windows.state(entries.get(_key(one), ()), one, now) for one in charges)

    async def forget_used(self, before: float, limit: int) -> int:
        async with self._database.writing() as db:
            over = db.used.find({"over_at": {"$lt": before}}, {"_id": 1}).limit(limit)
            keys = [document["_id"] for document in await over.to_list(None)]
            if not keys:
                return 0
            # Judged again: somebody may count there meanwhile.
            gone = await db.used.delete_many({"_id": {"$in": keys}, "over_at": {"$lt": before}})
            return gone.deleted_count
