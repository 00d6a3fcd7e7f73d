"""R9: the same content is read, cut and embedded once for its owner; deleting one file takes nothing from the other.

Real store, files and vectors; the reader and the embedding model are counted.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from msgspec.structs import replace

from services.ingest.app import METRICS
from services.ingest.chunk import cut
from services.ingest.deps import Deps
from services.ingest.embedders import Embedders
from services.ingest.extract.answers import Extracted
from services.ingest.indexes import Indexes
from services.ingest.jobs import Jobs
from services.ingest.known import fingerprint
from services.ingest.search import find
from tests.contract.vectors.conftest import HYBRID, engine_in
from tests.support.drafts import a_conversation, an_attachment
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.adapters.files_obstore import ObstoreFiles
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.attachments import (
    Attachment,
    AttachmentKind,
    AttachmentState,
    DocumentInfo,
    IngestJob,
    PictureInfo,
    SearchRequest,
)
from tokenline.contracts.base import pack
from tokenline.contracts.errors import NotFound, SearchUnavailable, Unreadable
from tokenline.contracts.texts import ExtractedText
from tokenline.contracts.vectors import Layout
from tokenline.core.clock import SystemClock
from tokenline.core.file_keys import DERIVED, file_key
from tokenline.core.ports.broker import Delivery
from tokenline.core.ports.embedder import Embedder
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics
from tokenline.runtime.supervisor import Supervisor

# The client's local mode says that payload indexes do nothing there; the server's do.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning")

WORDS = ["".join("abcdefghij"[int(digit)] * 3 for digit in str(n)) for n in range(80)]
TEXT = "".join(
    f"The chapter of {word} tells of a pangolin that ate ants before it slept. " * 8 + "\n\n" for word in WORDS
)
PICTURE = b"a picture"


class Reader:
    """Reads text as it is; one file is a picture."""

    reads_by: tuple[Any, ...] = (1000, "auto")

    def __init__(self) -> None:
        self.read: list[str] = []
        self.at: Callable[[str], Any] | None = None

    async def extract(self, spool: BinaryIO, name: str, _: object) -> Extracted:
        self.read.append(name)
        spool.seek(0)
        data = spool.read()
        if self.at is not None:
            await self.at(name)
        if data == PICTURE:
            picture = PictureInfo(width=2, height=1, thumbnail=True, view=True)
            none = ExtractedText(mime_type="image/png", text="")
            return Extracted(text=none, spans=(), picture=picture, thumbnail=b"small", view=b"seen")
        text = ExtractedText(mime_type="text/plain", text=data.decode(), page_starts=(0,))
        about = DocumentInfo(title="Ants", language="en")
        return Extracted(text=text, spans=tuple(cut(text)), document=about, warning="A page was left out.")


class Model:
    """Takes everything for the same: words decide."""

    def __init__(self) -> None:
        self.asked = 0

    async def embed(self, texts: Sequence[str], *, tries: int = 1) -> list[list[float] | None]:
        self.asked += 1
        return [[1.0, 1.0, 1.0] for _ in texts]

    async def close(self) -> None: ...


class Job:
    def __init__(self, attachment: Attachment) -> None:
        self.body = pack(IngestJob(attachment_id=attachment.id))
        self.done = asyncio.Event()

    async def ack(self) -> None:
        self.done.set()


class House:
    """Ingest without its broker and its sandbox."""

    def __init__(self, folder: Path, engine: str, layout: Layout = HYBRID) -> None:
        self.reader, self.model = Reader(), Model()
        clock = SystemClock()
        store = SqliteStore(folder / "store.db", clock)
        broker = MemoryBroker(MemoryServer())
        embedders = Embedders(lambda _: cast(Embedder, self.model), layout, clock, Metrics(*METRICS))
        self.deps = Deps(
            store=store,
            broker=broker,
            files=ObstoreFiles(folder / "files"),
            vectors=Indexes(store, engine_in(folder, engine), embedders),
            sandbox=cast(Any, self.reader),
            line=Line(store, broker, user_limit=2),
            clock=clock,
            metrics=Metrics(*METRICS),
        )
        self.supervisor = Supervisor()
        self.jobs = Jobs(self.deps, "i", self.supervisor, 4)

    async def __aenter__(self) -> "House":
        self.at_end = AsyncExitStack()
        await self.deps.store.open()
        self.at_end.push_async_callback(self.deps.store.close)
        await self.deps.vectors.open()
        self.at_end.push_async_callback(self.deps.vectors.close)
        await self.at_end.enter_async_context(self.supervisor)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.at_end.aclose()

    async def put(self, data: str | bytes, name: str = "ants.txt", owner: str = "ann") -> Attachment:
        """In a conversation of its own, not read yet."""
        talk = a_conversation(self.deps.clock, owner)
        await self.deps.store.create_conversation(talk)
        queued = AttachmentState.QUEUED
        file = an_attachment(self.deps.clock, owner, name=name, conversation_id=talk.id, state=queued)
        await self.deps.files.put(file_key(file.id), _once(data if isinstance(data, bytes) else data.encode()))
        await self.deps.store.add_attachment(file)
        return file

    async def index(self, file: Attachment) -> Attachment:
        job = Job(file)
        await self.jobs.offer(cast(Delivery, job))
        async with asyncio.timeout(60):
            await job.done.wait()
        ended = await self.deps.store.get_attachment(file.id)
        assert ended is not None
        return ended

    async def upload(self, data: str | bytes, name: str = "ants.txt", owner: str = "ann") -> Attachment:
        return await self.index(await self.put(data, name, owner))

    async def delete(self, file: Attachment) -> None:
        """As the gateway does."""
        await self.jobs.forget(file.owner_id, [file.id])
        await self.deps.files.delete(file_key(file.id))
        await self.deps.store.delete_attachment(file.id)

    async def found(self, file: Attachment) -> str:
        """The passage that is searched for in its conversation; empty: none."""
        assert file.conversation_id is not None
        asked = SearchRequest(
            owner_id=file.owner_id, conversation_id=file.conversation_id, query=f"{WORDS[17]} pangolin", top_k=1
        )
        hits = await find(self.deps, asked)
        assert {(hit.attachment_id, hit.name) for hit in hits} <= {(file.id, file.name)}
        return hits[0].content if hits else ""

    async def passages(self, file: Attachment) -> list[str]:
        """All that are in the index."""
        return [hit.content for hit in await self.deps.vectors.opening(file.owner_id, [file.id], 500)]

    async def derived(self, file: Attachment) -> list[bytes]:
        """What is kept beside it."""
        kept = []
        for folder in DERIVED:
            try:
                kept.append(b"".join([part async for part in self.deps.files.get(f"{folder}/{file.id}")]))
            except NotFound:
                continue
        return kept

    def outcomes(self) -> set[str]:
        told = self.deps.metrics.exposition().decode().splitlines()
        return {line.removeprefix("tokenline_ingest_files_total") for line in told if "ingest_files_total{" in line}


@pytest.fixture(params=["edge", "qdrant"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, request.param) as house:
        yield house


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, "edge") as house:
        yield house


async def test_the_same_content_is_neither_read_nor_embedded_again_and_is_found(house: House) -> None:
    first = await house.upload(TEXT)
    assert first.chunks is not None
    assert first.chunks > 64  # more than are copied at a time
    asked = house.model.asked
    second = await house.upload(TEXT, "copy of ants.txt")
    assert (house.reader.read, house.model.asked) == (["ants.txt"], asked)
    assert second == replace(
        first,
        id=second.id,
        name="copy of ants.txt",
        conversation_id=second.conversation_id,
        created_at=second.created_at,
        version=second.version,
    )
    assert second.warning
    assert WORDS[17] in await house.found(second)
    assert await house.passages(second) == await house.passages(first)
    assert await house.derived(second) == await house.derived(first)
    assert house.outcomes() == {'{outcome="indexed"} 1.0', '{outcome="taken_over"} 1.0'}
    assert await house.deps.store.outdated_attachments((await house.deps.vectors.refresh()).wanted.no, 9) == []


@pytest.mark.parametrize("which", [0, 1])
async def test_deleting_one_leaves_the_other_whole(house: House, which: int) -> None:
    files = [await house.upload(TEXT) for _ in range(2)]
    everything, beside = await house.passages(files[0]), await house.derived(files[0])
    await house.delete(files[which])
    assert await house.passages(files[1 - which]) == everything
    assert WORDS[17] in await house.found(files[1 - which])
    assert await house.derived(files[1 - which]) == beside
    assert await house.derived(files[which]) == []
    assert await house.passages(files[which]) == []
    # And the one that is left serves the next.
    assert await house.passages(await house.upload(TEXT)) == everything
    assert len(house.reader.read) == 1


async def test_what_reading_depends_on_makes_another_content(edge: House) -> None:
    """Its owner above all: nobody can tell that another has the same file."""
    anns, bobs = await edge.upload(TEXT), await edge.upload(TEXT, owner="bob")
    assert fingerprint(anns, ()).digest() != fingerprint(bobs, ()).digest()
    assert fingerprint(anns, ()).digest() == fingerprint(replace(bobs, owner_id="ann"), ()).digest()
    await edge.upload(TEXT, "ants.md")
    await edge.upload(TEXT + "x")
    assert edge.reader.read == ["ants.txt", "ants.txt", "ants.md", "ants.txt"]
    edge.reader.reads_by = (1000, "pypdf")
    await edge.upload(TEXT)
    assert len(edge.reader.read) == 5


async def test_the_store_never_offers_a_file_of_another(edge: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even if two owners' contents had the same name in it."""
    monkeypatch.setattr("services.ingest.known.pack", lambda _: b"")
    await edge.upload(TEXT)
    await edge.upload(TEXT, owner="bob")
    assert len(edge.reader.read) == 2


async def test_a_picture_is_taken_over_with_what_is_shown_of_it(edge: House) -> None:
    first = await edge.upload(PICTURE, "a.png")
    second = await edge.upload(PICTURE, "b.png")
    assert edge.reader.read == ["a.png"]
    assert (second.kind, second.picture, second.chunks) == (AttachmentKind.IMAGE, first.picture, 0)
    assert await edge.derived(second) == [b"small", b"seen"]


async def test_two_at_once_are_read_once(edge: House) -> None:
    reading, going = asyncio.Event(), asyncio.Event()

    async def wait(_: str) -> None:
        reading.set()
        await going.wait()

    edge.reader.at = wait
    files = [await edge.put(TEXT) for _ in range(3)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(edge.index(file)) for file in files]
        await reading.wait()
        going.set()
    assert {task.result().state for task in tasks} == {AttachmentState.INDEXED}
    assert len(edge.reader.read) == 1


@pytest.mark.parametrize("lost", ["texts", "passages", "some passages", "everything"])
async def test_where_something_is_gone_it_is_read(house: House, lost: str) -> None:
    first = await house.upload(TEXT)
    engine = await house.deps.vectors._engine.index(HYBRID)
    if lost == "texts":
        await house.deps.files.delete(f"texts/{first.id}")
    elif lost == "passages":
        await engine.delete("ann", [first.id])
    elif lost == "some passages":
        copy = engine.copy

        async def all_but_one(*args: Any) -> int:
            return await copy(*args) - 1

        engine.copy = all_but_one  # type: ignore[method-assign, assignment]
    else:
        await house.delete(first)
    second = await house.upload(TEXT)
    assert second.state is AttachmentState.INDEXED
    assert len(house.reader.read) == 2
    assert WORDS[17] in await house.found(second)
    assert len(await house.passages(second)) == first.chunks
    assert len(await house.derived(second)) == 1


@pytest.mark.parametrize(("data", "lost"), [(TEXT, "texts"), (PICTURE, "views")], ids=["text", "picture"])
async def test_what_was_copied_in_vain_is_not_left(edge: House, data: str | bytes, lost: str) -> None:
    """It is read then, and that fails."""
    first = await edge.upload(data)
    await edge.deps.files.delete(f"{lost}/{first.id}")

    async def fails(_: str) -> None:
        raise Unreadable

    edge.reader.at = fails
    second = await edge.upload(data)
    assert second.state is AttachmentState.FAILED
    assert not await edge.derived(second)
    assert not await edge.passages(second)


async def test_one_that_is_deleted_while_it_is_copied_leaves_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source, between its passages and its text: the file is read. Then the copy itself."""
    first = await house.upload(TEXT)
    copy = Indexes.copy

    async def and_then_the_source_goes(self: Indexes, source: Attachment, target: Attachment) -> int | None:
        copied = await copy(self, source, target)
        await house.delete(source)
        return copied

    monkeypatch.setattr(Indexes, "copy", and_then_the_source_goes)
    second = await house.upload(TEXT)
    assert len(house.reader.read) == 2
    assert len(await house.passages(second)) == first.chunks
    assert not await house.derived(first)
    assert not await house.passages(first)

    async def and_then_the_copy_goes(self: Indexes, source: Attachment, target: Attachment) -> int | None:
        copied = await copy(self, source, target)
        await house.deps.store.delete_attachment(target.id)
        return copied

    monkeypatch.setattr(Indexes, "copy", and_then_the_copy_goes)
    third = await house.put(TEXT)
    job = Job(third)
    await house.jobs.offer(cast(Delivery, job))
    async with asyncio.timeout(60):
        await job.done.wait()
    assert not await house.derived(third)
    assert not await house.passages(third)
    assert len(await house.passages(second)) == first.chunks


STEPS = ("store.note_content", "vectors.copy", "files.put", "vectors.settle", "store.note_indexed", "store.replace")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_any_step_it_is_done_again(
    edge: House, step: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that comes again after its process died."""
    first = await edge.upload(TEXT)
    second = await edge.put(TEXT)
    part, _, method = step.partition(".")
    of = type(getattr(edge.deps, part))
    name = "replace_attachment" if method == "replace" else method
    real = getattr(of, name)
    reached = asyncio.Event()

    async def killed(*args: Any) -> Any:
        if after:
            await real(*args)
        reached.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(of, name, killed)
    async with Supervisor() as dying:
        await Jobs(edge.deps, "dying", dying, 1).offer(cast(Delivery, Job(second)))
        async with asyncio.timeout(60):
            await reached.wait()
        monkeypatch.setattr(of, name, real)
    second = await edge.index(second)
    assert (second.state, second.chunks) == (AttachmentState.INDEXED, first.chunks)
    assert len(edge.reader.read) == 1
    assert await edge.passages(second) == await edge.passages(first)


async def test_an_index_that_cannot_be_asked_is_tried_again(edge: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.ingest.jobs.RETRY_S", (0.0,))
    await edge.upload(TEXT)
    copy, tries = Indexes.copy, []

    async def fails_once(self: Indexes, source: Attachment, target: Attachment) -> int | None:
        tries.append(target.id)
        if len(tries) == 1:
            raise SearchUnavailable
        return await copy(self, source, target)

    monkeypatch.setattr(Indexes, "copy", fails_once)
    assert (await edge.upload(TEXT)).state is AttachmentState.INDEXED
    assert (len(tries), len(edge.reader.read)) == (2, 1)


async def test_while_another_index_is_filled(tmp_path: Path) -> None:
    """What the new one lacks is left to the rebuild; what it has is copied, too."""
    other = Layout(model="other", dimension=3)
    async with House(tmp_path, "edge") as house:
        first, third = await house.upload(TEXT), await house.upload("A pangolin.")
    async with House(tmp_path, "edge", other) as house:
        state = await house.deps.vectors.refresh()
        assert state.filling is not None
        second = await house.upload(TEXT)
        outdated = await house.deps.store.outdated_attachments(state.filling.no, 9)
        assert {file.id for file in outdated} == {first.id, second.id, third.id}
        await house.jobs.rebuild.look()
        assert (await house.deps.vectors.refresh()).current.layout == other
        for file in (first, second, await house.upload(TEXT)):
            assert WORDS[17] in await house.found(file)
            assert len(await house.passages(file)) == first.chunks
        assert house.reader.read == []


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
