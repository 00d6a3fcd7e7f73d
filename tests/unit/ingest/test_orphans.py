"""R9: what is kept of files that nobody has is found and removed, and nothing else is."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from services.ingest import orphans
from services.ingest.orphans import FEW, Orphans
from tests.support.drafts import an_attachment, an_id
from tokenline.adapters.files_obstore import ObstoreFiles
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.ids import AttachmentId
from tokenline.contracts.metrics import ORPHANS
from tokenline.core.clock import ManualClock
from tokenline.core.file_keys import file_key, piece_key, text_key, thumbnail_key, view_key
from tokenline.runtime.metrics import Metrics

KEYS = (file_key, text_key, thumbnail_key, view_key)


class House:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.store = SqliteStore(folder / "store.db", self.clock)
        self.files = ObstoreFiles("memory:///")
        self.metrics = Metrics(ORPHANS)
        self.orphans = Orphans(self.store, self.files, self.metrics)

    async def put(self, key: str) -> str:
        async def once() -> AsyncIterator[bytes]:
            yield b"x"

        await self.files.put(key, once())
        return key

    async def kept(self) -> set[str]:
        folders = ("attachments", "texts", "thumbnails", "views", "uploads")
        return {key for folder in folders async for key in self.files.keys(folder)}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    await made.store.open()
    yield made
    await made.store.close()


async def test_what_two_passes_find_without_a_record_is_removed_and_the_rest_stays(house: House) -> None:
    known = an_attachment(house.clock)
    await house.store.add_attachment(known)
    theirs = {await house.put(key(known.id)) for key in KEYS}
    theirs.add(await house.put(piece_key(an_id(house.clock), "p1")))  # of an upload under way
    nobodys = {await house.put(key(an_id(house.clock))) for key in KEYS}
    await house.orphans.sweep()
    assert await house.kept() == theirs | nobodys
    await house.orphans.sweep()
    assert await house.kept() == theirs
    assert f"tokenline_orphans_removed_total {len(nobodys)}.0" in house.metrics.exposition().decode()


async def test_a_file_that_gets_its_record_in_between_stays(house: House) -> None:
    late = an_attachment(house.clock)
    key = await house.put(file_key(late.id))
    await house.orphans.sweep()
    await house.store.add_attachment(late)
    await house.orphans.sweep()
    await house.orphans.sweep()
    assert await house.kept() == {key}


async def test_more_than_are_looked_up_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "BATCH", 3)
    for _ in range(FEW):
        await house.put(file_key(an_id(house.clock)))
    await house.orphans.sweep()
    await house.orphans.sweep()
    assert await house.kept() == set()


async def test_where_most_are_nobodys_the_store_is_taken_for_wrong(house: House) -> None:
    """As with the address of an empty database: nothing is lost."""
    keys = {await house.put(file_key(an_id(house.clock))) for _ in range(FEW + 1)}
    for _ in range(3):
        await house.orphans.sweep()
    assert await house.kept() == keys


async def test_a_file_that_gets_its_record_at_the_last_moment_stays(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = an_attachment(house.clock)
    key = await house.put(file_key(late.id))
    await house.orphans.sweep()
    look_up, asked = house.store.attachments, 0

    async def finished_after_the_first(attachment_ids: Sequence[AttachmentId]) -> list[Attachment]:
        nonlocal asked
        found = await look_up(attachment_ids)
        if late.id in attachment_ids and (asked := asked + 1) == 1:
            await house.store.add_attachment(late)
        return found

    monkeypatch.setattr(house.store, "attachments", finished_after_the_first)
    await house.orphans.sweep()
    assert asked == 2
    assert await house.kept() == {key}
