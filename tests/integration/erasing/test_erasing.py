"""Deleting an account with files, passages and tickets: nothing is left, wherever whoever does it is killed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from unittest.mock import MagicMock

import pytest
from msgspec.structs import replace
from starlette.datastructures import UploadFile

from services.gateway.erasing import SETTLE_S, Erasing
from services.gateway.imports import Imports
from services.gateway.resumable import Resumable
from services.gateway.uploads import Uploads
from tests.support.a_life import EMAIL, erasure_of, lived
from tests.support.drafts import an_upload
from tests.support.in_process.fuse import Died, Fuse, fused, fused_store
from tests.support.in_process.processes import principal
from tests.support.raw import all_of
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.adapters.files_obstore import ObstoreFiles
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.adapters.vectors_edge import EdgeVectors
from tokenline.contracts.accounts import User
from tokenline.contracts.attachments import Attachment, AttachmentState, SearchRequest
from tokenline.contracts.base import to_json
from tokenline.contracts.chat import Conversation, FollowUp, MessageStatus
from tokenline.contracts.errors import NotSignedIn, SearchUnavailable
from tokenline.contracts.export import Export, ExportedConversation, ExportedFile, ExportedMessage
from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.contracts.vectors import Layout
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.file_keys import file_key, piece_key
from tokenline.core.ports.files import Files
from tokenline.core.ports.search import Search
from tokenline.core.ports.store import Store
from tokenline.core.ports.vectors import Chunk
from tokenline.runtime.agents import load_agents
from tokenline.runtime.line import Line


class Ingest:
    """What ingest does when it is asked to forget, in this process."""

    def __init__(self, vectors: EdgeVectors) -> None:
        self.away = False
        self._vectors = vectors

    async def passages(self, request: SearchRequest) -> tuple[()]:
        return ()

    async def forget(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> None:
        if self.away:
            raise SearchUnavailable
        await self._vectors.delete(owner_id, attachment_ids)

    async def close(self) -> None:
        return


class House:
    """One store, file store and index; any number of gateways that erase, one after the other."""

    def __init__(self, folder: Path, vectors: EdgeVectors) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.store = SqliteStore(folder / "store.db", self.clock)
        self.files = ObstoreFiles(folder / "files")
        self.vectors = vectors
        self.ingest = Ingest(vectors)
        self._server = MemoryServer()
        self._gateways = 0

    async def move_in(self) -> tuple[User, list[Attachment]]:
        user, files = await lived(self.store, self.clock)
        for file in files:
            await self.files.put(file_key(file.id), _chunks(f"{EMAIL} wrote this".encode()))
            chunk = Chunk(attachment_id=file.id, name=file.name, page=None, start=0, end=5, content="tickets in a line")
            await self.vectors.upsert(user.id, [chunk], None)
        assert len(await self.passages(user, files)) == 3
        begun = an_upload(self.clock, user.id, pieces=("p",), offset_bytes=1)
        await self.store.add_upload(begun, 1)
        await self.files.put(piece_key(begun.id, "p"), _chunks(b"x"))
        return user, files

    def eraser(self, fuse: Fuse | None = None) -> Erasing:
        self._gateways += 1
        store: Store = self.store
        files: Files = self.files
        search: Search = cast(Search, self.ingest)
        if fuse is not None:
            store = fused_store(store, fuse)
            files, search = fused(files, fuse), fused(search, fuse)
        line = Line(store, MemoryBroker(self._server), user_limit=2)
        uploads = self.uploads(store, files, search)
        return Erasing(
            store, line, uploads, Resumable(store, files, uploads, self.clock, 1), f"gateway-{self._gateways}"
        )

    def uploads(self, store: Store, files: Files, search: Search) -> Uploads:
        broker = MemoryBroker(self._server)
        announcer = Line(store, broker, user_limit=2).announcer
        return Uploads(store, files, search, broker, announcer, self.clock, 1000)

    async def passages(self, user: User, files: list[Attachment]) -> list[Any]:
        return list(await self.vectors.opening(user.id, [file.id for file in files], 10))

    async def check_gone(self, user: User, files: list[Attachment]) -> None:
        left = await all_of(f"sqlite:{self.folder / 'store.db'}")
        assert user.id not in left
        assert EMAIL not in left
        assert [file.id for file in files if file.id in left] == []
        assert [path for path in (self.folder / "files").rglob("*") if path.is_file()] == []
        assert await self.passages(user, files) == []
        assert await self.store.erasures(10) == []


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _an_export() -> Export:
    message = ExportedMessage(
        id="m",
        parent_id=None,
        role="user",
        content="What does it say?",
        status=MessageStatus.SENT,
        created_at=1.0,
        files=(ExportedFile(id="f", name="notes.txt", mime_type="text/plain"),),
    )
    conversation = ExportedConversation(
        id="c",
        title="Notes",
        agent_id="assistant",
        archived=False,
        follow_up=FollowUp.QUEUE,
        created_at=1.0,
        updated_at=1.0,
        leaf_id="m",
        messages=(message,),
    )
    return Export(format="tokenline.conversations", version=1, exported_at=1.0, conversations=(conversation,))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as at_end:
        yield await _moved_to(tmp_path, at_end)


async def _moved_to(folder: Path, at_end: AsyncExitStack) -> House:
    vectors = EdgeVectors(folder, Layout())
    await vectors.open()
    at_end.push_async_callback(vectors.close)
    house = House(folder, vectors)
    await house.store.open()
    at_end.push_async_callback(house.store.close)
    return house


async def test_everything_goes_once_nobody_can_add_to_it(house: House) -> None:
    user, files = await house.move_in()
    await house.store.begin_erasure(erasure_of(user, house.clock))
    eraser = house.eraser()
    await eraser.sweep()
    assert await house.store.live_tickets(user.id) == [], "what waits is stopped at once"
    assert len(await house.store.owned_conversations(user.id, 10)) == 5, "a call under way may still write"
    house.clock.advance(SETTLE_S)
    await eraser.sweep()
    await house.check_gone(user, files)


async def test_a_running_ticket_is_stopped_and_waited_for(house: House) -> None:
    user, files = await house.move_in()
    [ticket] = [one for one in await house.store.live_tickets(user.id) if one.state == "queued"]
    running = moves.claim(ticket, worker="w", incarnation="i", now=house.clock.now())
    assert await house.store.replace_ticket(running)
    await house.store.begin_erasure(erasure_of(user, house.clock))
    house.clock.advance(SETTLE_S)
    eraser = house.eraser()
    await eraser.sweep()
    [asked] = await house.store.live_tickets(user.id)
    assert asked.cancel_requested
    assert len(await house.store.owned_conversations(user.id, 10)) == 5
    assert await house.store.replace_ticket(moves.cancel(asked, now=house.clock.now()))
    await eraser.sweep()
    await house.check_gone(user, files)


async def test_while_ingest_is_away_nothing_is_forgotten_about(house: House) -> None:
    user, files = await house.move_in()
    await house.store.begin_erasure(erasure_of(user, house.clock))
    house.clock.advance(SETTLE_S)
    house.ingest.away = True
    eraser = house.eraser()
    await eraser.sweep()
    assert len(await house.store.owned_attachments(user.id, 10)) == 3
    house.ingest.away = False
    await eraser.sweep()
    await house.check_gone(user, files)


async def test_a_file_that_arrives_after_its_owner_has_gone_is_not_kept(house: House) -> None:
    """However long it was under way."""
    user, files = await house.move_in()
    asker = principal(user.id)
    uploads = house.uploads(house.store, house.files, cast(Search, house.ingest))
    await house.store.begin_erasure(erasure_of(user, house.clock))
    house.clock.advance(SETTLE_S)
    await house.eraser().sweep()
    with pytest.raises(NotSignedIn):
        await uploads.add(asker, UploadFile(BytesIO(b"Some late notes."), filename="late.txt"), None)
    await house.check_gone(user, files)


async def test_a_reader_that_comes_to_its_end_while_its_file_is_deleted_leaves_no_passages(house: House) -> None:
    """It had the file in hand before ingest was told to forget it, and its record was there until the last."""
    user, files = await house.move_in()
    reading = replace(files[0], id=AttachmentId("read"), state=AttachmentState.EXTRACTING, version=0)
    await house.store.add_attachment(reading)
    forget, forgotten = house.ingest.forget, 0

    async def and_then_its_reader_ends(owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> None:
        nonlocal forgotten
        await forget(owner_id, attachment_ids)
        if forgotten == 0:
            passage = Chunk(attachment_id=reading.id, name="a.txt", page=None, start=0, end=4, content="Mine")
            await house.vectors.upsert(owner_id, [passage], None)
            ended = replace(reading, state=AttachmentState.INDEXED, version=1)
            assert await house.store.replace_attachment(ended)
        forgotten += 1

    house.ingest.forget = and_then_its_reader_ends  # type: ignore[method-assign]
    await house.uploads(house.store, house.files, cast(Search, house.ingest)).purge([reading])
    assert await house.store.get_attachment(reading.id) is None
    assert await house.passages(user, [reading]) == []


async def test_a_file_that_is_copied_while_its_owner_goes_is_not_kept(house: House) -> None:
    user, files = await house.move_in()
    slow = ObstoreFiles(house.folder / "slow")
    await slow.put(file_key(files[0].id), _chunks(b"Read before it was deleted."))
    await house.store.begin_erasure(erasure_of(user, house.clock))
    house.clock.advance(SETTLE_S)
    await house.eraser().sweep()
    with pytest.raises(NotSignedIn):
        await house.uploads(house.store, slow, cast(Search, house.ingest)).copy(files[0], "copy", "conversation")
    await house.check_gone(user, files)
    assert [path.name for path in (house.folder / "slow").rglob("*") if path.is_file()] == [files[0].id]


async def test_an_import_that_outlasts_its_account_leaves_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, files = await house.move_in()
    store, create = house.store, house.store.create_conversation

    async def create_slowly(conversation: Conversation) -> None:
        await create(conversation)
        if await store.begin_erasure(erasure_of(user, house.clock)):
            house.clock.advance(SETTLE_S)
            await house.eraser().sweep()

    monkeypatch.setattr(store, "create_conversation", create_slowly)
    imports = Imports(store, load_agents(None, None), MagicMock())
    for _ in range(2):
        with pytest.raises(NotSignedIn):
            await imports.take(principal(user.id), to_json(_an_export()))
        await house.check_gone(user, files)


async def test_one_gateway_at_a_time_does_it(house: House) -> None:
    user, files = await house.move_in()
    await house.store.begin_erasure(erasure_of(user, house.clock))
    house.clock.advance(SETTLE_S)
    one, other = house.eraser(), house.eraser()
    await house.store.renew_lease("erasures", "somebody else", 15)
    await one.sweep()
    assert len(await house.store.erasures(10)) == 1
    house.clock.advance(16)
    await asyncio.gather(one.sweep(), other.sweep())
    await house.check_gone(user, files)


async def test_killed_anywhere_another_gateway_goes_on(tmp_path: Path) -> None:
    """Before and after each call to store, files and ingest."""
    last, done = 0, False
    async with AsyncExitStack() as at_end:
        house = await _moved_to(tmp_path, at_end)
        while not done:
            last += 1
            user, files = await house.move_in()
            await house.store.begin_erasure(erasure_of(user, house.clock))
            done = await _erased(house, Fuse(last))
            if not done:
                house.clock.advance(SETTLE_S + 16)
                for erasure in await house.store.erasures(10):
                    assert await house.eraser().go_on(erasure)
            await house.check_gone(user, files)
    assert last > 30, "each step was once the last"


async def _erased(house: House, fuse: Fuse) -> bool:
    """False when it was killed meanwhile."""
    eraser = house.eraser(fuse)
    try:
        for _ in range(2):
            for erasure in await house.store.erasures(10):
                await eraser.go_on(erasure)
            house.clock.advance(SETTLE_S)
    except Died:
        return False
    return True
