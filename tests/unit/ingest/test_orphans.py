"""R9: what is kept of files that nobody has is found and removed, and nothing else is."""

import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from services.ingest import orphans
from services.ingest.app import METRICS
from services.ingest.embedders import Embedders
from services.ingest.indexes import Indexes
from services.ingest.orphans import FEW, Orphans, Passages, StoredFiles
from tests.contract.vectors.conftest import engine_in
from tests.support.drafts import an_attachment, an_id
from tokenline.adapters.files_obstore import ObstoreFiles
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.ids import AttachmentId
from tokenline.contracts.vectors import Index, IndexState, Layout
from tokenline.core.clock import ManualClock
from tokenline.core.file_keys import file_key, piece_key, text_key, thumbnail_key, view_key
from tokenline.core.ports.embedder import Embedder
from tokenline.core.ports.vectors import Chunk, Listed
from tokenline.runtime.metrics import Metrics

# The client's local mode says that payload indexes do nothing there; the server's do.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning")

WORDS, VECTORS = Layout(), Layout(model="m", dimension=2)
KEYS = (file_key, text_key, thumbnail_key, view_key)


class House:
    def __init__(self, folder: Path, engine: str = "edge") -> None:
        self.clock = ManualClock()
        self.store = SqliteStore(folder / "store.db", self.clock)
        self.files = ObstoreFiles("memory:///")
        self.metrics = Metrics(*METRICS)
        self.orphans = Orphans(self.store, StoredFiles(self.files), self.metrics)
        self.engine = engine_in(folder, engine)
        embedders = Embedders(lambda _: Embedding(), VECTORS, self.clock, self.metrics)
        self.indexes = Indexes(self.store, self.engine, embedders)
        self.passages = Orphans(self.store, Passages(self.indexes), self.metrics)

    async def put(self, key: str) -> str:
        async def once() -> AsyncIterator[bytes]:
            yield b"x"

        await self.files.put(key, once())
        return key

    async def kept(self) -> set[str]:
        folders = ("attachments", "texts", "thumbnails", "views", "uploads")
        return {key for folder in folders async for key in self.files.keys(folder)}

    async def open_both(self) -> None:
        """An index of keywords is searched, one with vectors is being filled."""
        await self.store.replace_index_state(IndexState(current=Index(layout=WORDS, no=1), last_no=1))
        await self.engine.index(WORDS)
        await self.indexes.open()

    async def write(self, attachment: Attachment, passages: int = 2) -> None:
        await self.indexes.upsert(attachment.owner_id, [_passage(attachment, n) for n in range(passages)])

    async def listed(self, layout: Layout) -> set[AttachmentId]:
        return {file for _, file in (await self.indexes.listed(layout, None, 10_000)).files}

    def removed(self, kind: str) -> int:
        found = re.search(
            rf'tokenline_orphans_removed_total{{kind="{kind}"}} (\d+)', self.metrics.exposition().decode()
        )
        return int(found[1]) if found else 0


class Embedding(Embedder):
    async def embed(self, texts: Sequence[str], *, tries: int = 1) -> list[list[float] | None]:
        return [[1.0, 0.0] for _ in texts]

    async def close(self) -> None: ...


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    await made.store.open()
    yield made
    await made.indexes.close()
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
    assert house.removed("file") == len(nobodys)


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


@pytest.fixture(params=["edge", "qdrant"])
async def shelved(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """With two indexes."""
    made = House(tmp_path, request.param)
    await made.store.open()
    await made.open_both()
    yield made
    await made.indexes.close()
    await made.store.close()


async def test_passages_of_nobody_are_removed_from_the_index_that_is_searched_and_the_one_being_filled(
    shelved: House,
) -> None:
    known, gone = an_attachment(shelved.clock), an_attachment(shelved.clock)
    await shelved.store.add_attachment(known)
    for attachment in (known, gone):
        await shelved.write(attachment)
    of_words, of_vectors = an_attachment(shelved.clock), an_attachment(shelved.clock)
    await (await shelved.engine.index(WORDS)).upsert(of_words.owner_id, [_passage(of_words, 0)], None)
    await (await shelved.engine.index(VECTORS)).upsert(of_vectors.owner_id, [_passage(of_vectors, 0)], [[1.0, 0.0]])
    await shelved.passages.sweep()
    assert await shelved.listed(WORDS) == {known.id, gone.id, of_words.id}
    assert await shelved.listed(VECTORS) == {known.id, gone.id, of_vectors.id}
    await shelved.passages.sweep()
    for layout in (WORDS, VECTORS):
        assert await shelved.listed(layout) == {known.id}
    assert shelved.removed("passages") == 3


async def test_passages_are_looked_at_in_rounds_of_a_bounded_size_that_come_round_to_all(
    shelved: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "BATCH", 3)
    monkeypatch.setattr(orphans, "ROUND", 7)
    files = [an_attachment(shelved.clock) for _ in range(FEW)]
    for number, attachment in enumerate(files):
        if number % 2:
            await shelved.store.add_attachment(attachment)
        await shelved.write(attachment, passages=1)
    look, asked = shelved.indexes.listed, 0

    async def counted(layout: Layout, cursor: str | None, limit: int) -> Listed:
        nonlocal asked
        seen = await look(layout, cursor, limit)
        asked += seen.points
        return seen

    monkeypatch.setattr(shelved.indexes, "listed", counted)
    rounds = 0
    while shelved.removed("passages") < FEW / 2:
        asked, rounds = 0, rounds + 1
        await shelved.passages.sweep()
        assert asked == 7
    assert 2 < rounds <= 2 * FEW // 7 + 2
    monkeypatch.setattr(shelved.indexes, "listed", look)
    assert await shelved.listed(WORDS) == await shelved.listed(VECTORS) == {one.id for one in files[1::2]}


async def test_where_most_passages_are_nobodys_none_is_removed(shelved: House) -> None:
    """However many passages a file has that somebody has."""
    known = an_attachment(shelved.clock)
    await shelved.store.add_attachment(known)
    await shelved.write(known, passages=10 * FEW)
    gone = [an_attachment(shelved.clock) for _ in range(FEW + 1)]
    for attachment in gone:
        await shelved.write(attachment, passages=1)
    for _ in range(3):
        await shelved.passages.sweep()
    assert await shelved.listed(WORDS) == {known.id, *(one.id for one in gone)}


async def test_what_was_suspected_is_spared_when_the_store_turns_out_to_be_wrong(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is emptied between two rounds."""
    nobodys = await house.put(file_key(an_id(house.clock)))
    theirs = [an_attachment(house.clock) for _ in range(FEW)]
    for attachment in theirs:
        await house.put(file_key(attachment.id))
        await house.store.add_attachment(attachment)
    await house.orphans.sweep()
    for attachment in theirs:
        await house.store.delete_attachment(attachment.id)
    await house.orphans.sweep()
    assert nobodys in await house.kept()
    for attachment in theirs:
        await house.store.add_attachment(attachment)
    await house.orphans.sweep()
    assert nobodys in await house.kept()
    await house.orphans.sweep()
    assert await house.kept() == {file_key(one.id) for one in theirs}


async def test_files_are_looked_at_in_rounds_of_a_bounded_size_that_come_round_to_all(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "BATCH", 3)
    monkeypatch.setattr(orphans, "ROUND", 7)
    files = [an_attachment(house.clock) for _ in range(FEW)]
    for number, attachment in enumerate(files):
        if number % 2:
            await house.store.add_attachment(attachment)
        await house.put(file_key(attachment.id))
        await house.put(text_key(attachment.id))
    rounds = 0
    while house.removed("file") < FEW:
        rounds += 1
        await house.orphans.sweep()
    assert 2 < rounds <= 2 * FEW // 7 + 2
    assert await house.kept() == {key(one.id) for one in files[1::2] for key in (file_key, text_key)}


async def test_an_index_that_is_switched_or_dropped_between_two_rounds(
    shelved: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "ROUND", 3)
    gone = [an_attachment(shelved.clock) for _ in range(4)]
    for attachment in gone:
        await shelved.write(attachment, passages=1)
    await shelved.passages.sweep()
    await shelved.indexes.switch()
    await shelved.indexes.drop_former()
    for _ in range(4):
        await shelved.passages.sweep()
    assert await shelved.listed(VECTORS) == set()
    assert await shelved.engine.collections() == {VECTORS.collection}


def _passage(attachment: Attachment, number: int) -> Chunk:
    return Chunk(attachment_id=attachment.id, name="a", page=None, start=number, end=number + 1, content="A pangolin.")
