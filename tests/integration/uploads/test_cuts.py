"""However often and wherever the connection breaks or a gateway is killed, the file that comes out is the one sent."""

import hashlib
import random
from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from starlette.requests import ClientDisconnect

from services.gateway import resumable
from services.gateway.resumable import Resumable
from services.gateway.uploads import Uploads
from tests.support.drafts import a_user
from tests.support.in_process.fuse import Died, Fuse, fused, fused_store
from tests.support.in_process.whole_gateway import ForgettingSearch
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.adapters.files_obstore import ObstoreFiles
from tokenline.adapters.store_sqlite.store import SqliteStore
from tokenline.contracts.accounts import Role
from tokenline.contracts.attachments import AttachmentState
from tokenline.contracts.errors import Locked, NotFound, OffsetMismatch, StoreUnavailable
from tokenline.core.clock import ManualClock
from tokenline.core.file_keys import file_key
from tokenline.core.tus import as_metadata
from tokenline.runtime.auth.principal import Principal

PIECE = 64 * 1024


class Place:
    """Gateways of one installation, and who sends."""

    def __init__(self, folder: Path, store: SqliteStore, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.files = ObstoreFiles(folder / "files")
        self.ann = Principal(
            user_id="ann",
            email="ann@example.org",
            role=Role.USER,
            tier=4,
            via="password",
            credential_id="c",
            expires_at=None,
        )
        self.search = ForgettingSearch()

    def gateway(self, fuse: Fuse | None = None) -> Resumable:
        broker = MemoryBroker(MemoryServer())  # not connected: ingest's sweep finds the job
        fuse = fuse or Fuse()
        store, files = fused_store(self.store, fuse), fused(self.files, fuse)
        uploads = Uploads(store, files, self.search, broker, MagicMock(), self.clock, 10**8)
        return Resumable(store, files, uploads, self.clock, 5)

    async def kept(self) -> list[str]:
        return [key async for key in self.files.keys("uploads")]

    async def content(self, upload_id: str) -> bytes:
        return b"".join([chunk async for chunk in self.files.get(file_key(upload_id))])


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setattr(resumable, "PIECE_BYTES", PIECE)
    clock = ManualClock()
    store = SqliteStore(tmp_path / "store.db", clock)
    await store.open()
    await store.create_user(a_user(clock, id="ann"))
    yield Place(tmp_path, store, clock)
    await store.close()


def a_text(seed: random.Random, size: int) -> bytes:
    words = " ".join(seed.choice(["line", "ticket", "place", "wait"]) for _ in range(size // 5 + 1))
    return words.encode()[:size]


async def whole(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 16_384):
        yield data[at : at + 16_384]


async def broken(data: bytes, seed: random.Random) -> AsyncIterator[bytes]:
    """Some of it, in pieces as a network makes them; then the connection breaks, sometimes."""
    end = len(data) if seed.random() < 0.3 else seed.randrange(len(data) + 1)
    at = 0
    while at < end:
        size = min(seed.choice([1, 700, 16_384, 65_536]), end - at)
        yield data[at : at + size]
        at += size
    if end < len(data):
        raise seed.choice([ClientDisconnect(), ConnectionResetError()])


async def test_cut_at_random_places_it_is_the_same_file(place: Place) -> None:
    for seed in range(30):
        await cut_at_random_places(place, random.Random(seed))


async def cut_at_random_places(place: Place, chance: random.Random) -> None:
    data = a_text(chance, chance.choice([1, 8191, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE, 400_000]))
    said = as_metadata({"filename": "a.txt"})
    upload = await place.gateway().begin(place.ann, len(data), said)
    gateways = [place.gateway(), place.gateway()]
    known = 0
    for _ in range(1000):
        gateway = chance.choice(gateways)
        told = await gateway.get(place.ann, upload.id)
        assert told.offset_bytes >= known, "what was told to be there is there"
        known = told.offset_bytes
        if known == len(data):
            break
        sent = 0

        async def counted(rest: bytes) -> AsyncIterator[bytes]:
            nonlocal sent
            async for chunk in broken(rest, chance):
                sent += len(chunk)
                yield chunk

        try:
            after = await gateway.append(place.ann, upload.id, known, None, counted(data[known:]))
            assert after.offset_bytes == known + sent == len(data), "it is told that it broke"
        except (ClientDisconnect, ConnectionResetError):
            kept = await gateway.get(place.ann, upload.id)
            assert kept.offset_bytes == known + sent, "all that came before it broke is kept"
    file = await place.store.get_attachment(upload.id)
    assert file is not None
    assert (file.state, file.size_bytes) == (AttachmentState.QUEUED, len(data))
    assert hashlib.sha256(await place.content(upload.id)).digest() == hashlib.sha256(data).digest()
    assert await place.kept() == []


async def test_killed_after_any_step_it_is_the_same_file(place: Place) -> None:
    """Of everything that a gateway does to store and file store, each call once the last."""
    steps = 1
    while not await killed_after(place, steps):
        steps += 1
    assert steps > 20, "all of them were tried"


async def killed_after(place: Place, steps: int) -> bool:
    """Whether it had no more steps to do."""
    data = a_text(random.Random(1), 3 * PIECE + 10)
    upload = await place.gateway().begin(place.ann, len(data), as_metadata({"filename": "a.txt"}))
    try:
        await place.gateway(Fuse(steps)).append(place.ann, upload.id, 0, len(data), whole(data))
    except Died:
        finished = False
    else:
        finished = True
    place.clock.advance(resumable.FINISH_S + 1)
    again = place.gateway()
    told = await again.get(place.ann, upload.id)
    assert not finished or told.offset_bytes == len(data)
    if told.offset_bytes < len(data):
        rest = data[told.offset_bytes :]
        told = await again.append(place.ann, upload.id, told.offset_bytes, len(rest), whole(rest))
    assert told.offset_bytes == len(data)
    assert await place.content(upload.id) == data
    assert await place.kept() == []
    assert await place.store.get_upload(upload.id) is None
    return finished


async def test_who_was_slow_does_not_undo_what_was_sent_meanwhile(place: Place) -> None:
    """A connection that seemed dead: its gateway still holds the end of what came, when the rest came elsewhere."""
    data = a_text(random.Random(2), 3 * PIECE)
    here, there = place.gateway(), place.gateway()
    upload = await here.begin(place.ann, len(data), as_metadata({"filename": "a.txt"}))

    async def stalls() -> AsyncIterator[bytes]:
        yield data[: PIECE + 100]
        await there.append(place.ann, upload.id, PIECE, None, whole(data[PIECE : 2 * PIECE]))
        raise ClientDisconnect

    with pytest.raises(OffsetMismatch) as refused:
        await here.append(place.ann, upload.id, 0, None, stalls())
    assert refused.value.detail == {"offset_bytes": 2 * PIECE}
    assert len(await place.kept()) == 2, "what the slow one brought is not left"
    told = await there.append(place.ann, upload.id, 2 * PIECE, None, whole(data[2 * PIECE :]))
    assert told.offset_bytes == len(data)
    assert await place.content(upload.id) == data
    assert await place.kept() == []


async def test_one_finishes_and_the_other_waits(place: Place) -> None:
    data = a_text(random.Random(3), 100)
    gateway = place.gateway()
    upload = await gateway.begin(place.ann, len(data), as_metadata({"filename": "a.txt"}))
    await place.store.renew_lease(f"upload:{upload.id}", "another", resumable.FINISH_S)
    with pytest.raises(Locked):
        await gateway.append(place.ann, upload.id, 0, None, whole(data))
    with pytest.raises(Locked):
        await gateway.get(place.ann, upload.id)
    place.clock.advance(resumable.FINISH_S + 1)
    assert (await gateway.get(place.ann, upload.id)).offset_bytes == len(data)


async def test_removed_while_it_is_being_finished_it_is_gone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    data = a_text(random.Random(4), 100)
    gateway, other = place.gateway(), place.gateway()
    upload = await gateway.begin(place.ann, len(data), as_metadata({"filename": "a.txt"}))
    put = place.files.put

    async def removed_meanwhile(key: str, chunks: AsyncIterator[bytes]) -> int:
        size = await put(key, chunks)
        if key.startswith("attachments"):
            await other.end(place.ann, upload.id)
        return size

    monkeypatch.setattr(place.files, "put", removed_meanwhile)
    with pytest.raises(NotFound):
        await gateway.append(place.ann, upload.id, 0, None, whole(data))
    assert await place.store.get_attachment(upload.id) is None
    with pytest.raises(NotFound):
        await place.content(upload.id)
    assert await place.kept() == []


async def test_what_cannot_be_removed_now_is_removed_later(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = place.gateway()
    uploads = []
    for _ in range(2):
        uploads.append(await gateway.begin(place.ann, 10**6, as_metadata({"filename": "a.txt"})))
        await gateway.append(place.ann, uploads[-1].id, 0, None, whole(b"x" * PIECE))
    place.clock.advance(resumable.KEEP_S + 1)
    delete = place.files.delete

    async def away(key: str) -> None:
        if uploads[0].id in key:
            raise StoreUnavailable
        await delete(key)

    monkeypatch.setattr(place.files, "delete", away)
    await gateway.sweep()
    assert [one.id for one in await place.store.owned_uploads("ann", 5)] == [uploads[0].id]
    monkeypatch.undo()
    await gateway.sweep()
    assert await place.store.owned_uploads("ann", 5) == []
    assert await place.kept() == []
