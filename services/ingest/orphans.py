"""Removes stored files and passages that nobody has: left by a process that ended between two writes, or by a restored
store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import structlog

from services.ingest.indexes import Indexes
from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.contracts.metrics import ORPHANS
from tokenline.contracts.vectors import Layout
from tokenline.core.file_keys import DERIVED, FILES
from tokenline.core.ports.files import Files
from tokenline.core.ports.store import AttachmentStore
from tokenline.runtime.metrics import Metrics

log = structlog.get_logger()

EVERY_S = 3600.0
"""Between two rounds: far longer than it takes from a file's last byte to its record."""
BATCH = 500
ROUND = 50_000
"""So many files, or points, are looked at in a round; the next one goes on. 50,000 points of the embedded engine take
0.25 s, in pieces of 3 ms."""
FEW = 20
"""So many orphans are believed in any case; beyond it, where most are nobody's, it is the store that is wrong."""

Place = TypeVar("Place")
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Found(Generic[Thing]):
    things: dict[Thing, AttachmentId]
    looked_at: int
    next: str | None
    """Cursor; ``None`` after the last."""


class Shelves(Protocol[Place, Thing]):
    """What may be nobody's, at one place after the other."""

    kind: str
    """Label of the metric."""

    async def places(self) -> Sequence[Place]: ...

    async def look(self, place: Place, cursor: str | None, limit: int) -> Found[Thing]: ...

    async def remove(self, thing: Thing) -> None: ...


class StoredFiles:
    kind = "file"

    def __init__(self, files: Files) -> None:
        self._files = files

    async def places(self) -> Sequence[str]:
        await self._files.tidy()
        return (FILES, *DERIVED)

    async def look(self, place: str, cursor: str | None, limit: int) -> Found[str]:
        keys = await self._files.page(place, cursor, limit)
        things = {key: key.rpartition("/")[2] for key in keys}
        return Found(things, len(keys), keys[-1] if len(keys) == limit else None)

    async def remove(self, thing: str) -> None:
        await self._files.delete(thing)


class Passages:
    """In the index that is searched, and in the one that is being filled."""

    kind = "passages"

    def __init__(self, indexes: Indexes) -> None:
        self._indexes = indexes

    async def places(self) -> Sequence[Layout]:
        state = await self._indexes.refresh()
        return [index.layout for index in (state.current, state.filling) if index is not None]

    async def look(self, place: Layout, cursor: str | None, limit: int) -> Found[tuple[UserId, AttachmentId]]:
        await self._indexes.refresh()
        listed = await self._indexes.listed(place, cursor, limit)
        return Found({(owner, file): file for owner, file in listed.files}, listed.points, listed.next)

    async def remove(self, thing: tuple[UserId, AttachmentId]) -> None:
        owner_id, attachment_id = thing
        await self._indexes.refresh()
        await self._indexes.delete(owner_id, [attachment_id])


class Orphans(Generic[Place, Thing]):
    """What has no record in one round and none in the next is removed; in between it may have been about to get one.

    In memory are the names of one round.
    """

    def __init__(self, store: AttachmentStore, shelves: Shelves[Place, Thing], metrics: Metrics) -> None:
        self._store = store
        self._shelves = shelves
        self._metrics = metrics
        self._place: Place | None = None
        self._cursor: str | None = None
        self._suspects: dict[Thing, AttachmentId] = {}

    async def sweep(self) -> None:
        """A round. Raises `StoreUnavailable`, `SearchUnavailable`; then the next one goes on."""
        kept, found = await self._round()
        if len(found) > max(FEW, kept // 2):
            log.error("orphans.most_are", kind=self._shelves.kind, kept=kept, nobodys=len(found))
            self._suspects.clear()
            return
        for thing, attachment_id in list(self._suspects.items()):
            # An upload that was broken off may have been finished since it was looked up.
            if await self._unknown({thing: attachment_id}):
                await self._shelves.remove(thing)
                self._metrics.add(ORPHANS, self._shelves.kind)
                log.info("orphan.removed", kind=self._shelves.kind, attachment_id=attachment_id)
            del self._suspects[thing]
            found.pop(thing, None)
        self._suspects = found

    async def _round(self) -> tuple[int, dict[Thing, AttachmentId]]:
        """From where the last one ended, once around at most: how many have a record, and those that have none."""
        places = list(await self._shelves.places())
        at = places.index(self._place) if self._place in places else 0
        if self._place not in places:
            self._cursor = None
        begun_at, to_come, left = self._cursor, len(places), ROUND
        kept, found = set[Thing](), dict[Thing, AttachmentId]()
        while left > 0 and (to_come > 0 or (to_come == 0 and _before(self._cursor, begun_at))):
            seen = await self._shelves.look(places[at], self._cursor, min(BATCH, left))
            unseen = {thing: seen.things[thing] for thing in seen.things.keys() - kept - found.keys()}
            unknown = await self._unknown(unseen)
            found |= unknown
            kept |= unseen.keys() - unknown.keys()
            left -= seen.looked_at
            if seen.next is None:
                to_come -= 1
                at = (at + 1) % len(places)
            self._place, self._cursor = places[at], seen.next
        return len(kept), found

    async def _unknown(self, things: dict[Thing, AttachmentId]) -> dict[Thing, AttachmentId]:
        known = {attachment.id for attachment in await self._store.attachments(list(set(things.values())))}
        return {thing: attachment_id for thing, attachment_id in things.items() if attachment_id not in known}


def _before(cursor: str | None, begun_at: str | None) -> bool:
    """Whether what a round began behind lies still ahead, once all places were looked at."""
    return begun_at is not None and (cursor is None or cursor < begun_at)
