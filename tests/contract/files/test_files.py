"""What every file store keeps: streamed both ways, all or nothing, and keys that cannot leave the store."""

import asyncio
import os
import time

import obstore
import pytest
from obstore.store import LocalStore

from tokenline.adapters.files_obstore import UNFINISHED_S, ObstoreFiles
from tokenline.contracts.errors import BadRequest, NotFound

MIB = 1024 * 1024


@pytest.fixture(params=["folder", "url"])
def files(request, tmp_path):
    return ObstoreFiles(tmp_path / "files" if request.param == "folder" else "memory:///")


async def pieces(*chunks):
    for chunk in chunks:
        yield chunk


async def read(files, key):
    return b"".join([chunk async for chunk in files.get(key)])


async def test_what_was_put_comes_back(files):
    assert await files.put("attachments/a1", pieces(b"abc", b"", b"def")) == 6
    assert await read(files, "attachments/a1") == b"abcdef"


async def test_an_empty_file_is_a_file(files):
    assert await files.put("attachments/empty", pieces()) == 0
    assert await read(files, "attachments/empty") == b""


async def test_a_large_file_streams_in_bounded_pieces(tmp_path):
    files = ObstoreFiles(tmp_path)
    await files.put("attachments/large", pieces(*[bytes([n]) * MIB for n in range(12)]))
    sizes = [len(chunk) async for chunk in files.get("attachments/large")]
    assert sum(sizes) == 12 * MIB
    assert max(sizes) <= 5 * MIB


@pytest.mark.parametrize(("start", "end"), [(0, 3), (2, 4), (4, None), (0, None), (5, 6)])
async def test_a_part_of_a_file(files, start, end):
    await files.put("attachments/a", pieces(b"abc", b"def"))
    part = b"".join([chunk async for chunk in files.get("attachments/a", start, end)])
    assert part == b"abcdef"[start:end]


async def test_putting_again_replaces(files):
    await files.put("attachments/a", pieces(b"first version"))
    await files.put("attachments/a", pieces(b"second"))
    assert await read(files, "attachments/a") == b"second"


async def test_missing(files):
    with pytest.raises(NotFound):
        await read(files, "attachments/nothing")


async def test_delete_twice(files):
    await files.put("attachments/a", pieces(b"x"))
    await files.delete("attachments/a")
    await files.delete("attachments/a")
    with pytest.raises(NotFound):
        await read(files, "attachments/a")


async def test_an_upload_that_breaks_off_leaves_nothing(files):
    async def broken():
        yield b"x" * (6 * MIB)
        raise ConnectionResetError("the client is gone")

    with pytest.raises(ConnectionResetError):
        await files.put("attachments/half", broken())
    with pytest.raises(NotFound):
        await read(files, "attachments/half")


async def test_nothing_is_visible_before_the_end_and_cancelling_leaves_nothing(files):
    waiting = asyncio.Event()
    closed = asyncio.Event()

    async def stalled():
        try:
            for _ in range(3):
                yield b"x" * (6 * MIB)
            waiting.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    upload = asyncio.create_task(files.put("attachments/half", stalled()))
    await waiting.wait()
    with pytest.raises(NotFound):
        await read(files, "attachments/half")
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    await closed.wait()
    with pytest.raises(NotFound):
        await read(files, "attachments/half")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../outside",
        "attachments/../../outside",
        "attachments//a",
        "attachments/",
        "a/..",
        "a..b",
        "A",
        "a\n",
        "é",
        "a#1",
        "a\\b",
        ".hidden",
        "attachments/%2e%2e/x",
        "file:///etc/passwd",
        "a" * 200,
    ],
)
async def test_keys_cannot_leave_the_store(files, key):
    with pytest.raises(BadRequest):
        await files.put(key, pieces(b"x"))
    with pytest.raises(NotFound):
        await read(files, key)
    with pytest.raises(NotFound):
        await files.delete(key)


async def test_what_is_under_a_key_is_found(files):
    kept = {"uploads/u1/a", "uploads/u1/b.1"}
    for key in [*kept, "uploads/u10/c", "uploads/u1.d", "attachments/u1"]:
        await files.put(key, pieces(b"x"))
    assert {key async for key in files.keys("uploads/u1")} == kept
    assert [key async for key in files.keys("uploads/nobody")] == []
    async for key in files.keys("uploads/u1"):
        await files.delete(key)
    assert [key async for key in files.keys("uploads/u1")] == []
    assert await read(files, "uploads/u10/c") == b"x"


async def test_all_that_is_under_a_key_comes_page_by_page(files):
    kept = sorted(f"texts/{number:02}" for number in range(25))
    for key in [*reversed(kept), "texts0/a", "attachments/00"]:
        await files.put(key, pieces(b"x"))
    first = await files.page("texts", None, 10)
    assert first == kept[:10]
    await files.delete(first[-1])
    second = await files.page("texts", first[-1], 10)
    assert second == kept[10:20]
    assert await files.page("texts", second[-1], 10) == kept[20:]
    assert await files.page("texts", kept[-1], 10) == await files.page("views", None, 10) == []


async def test_a_service_that_lists_in_order_is_not_asked_for_more_than_a_page(monkeypatch, tmp_path):
    files, asked = ObstoreFiles(tmp_path), 0

    async def listing(*_, offset):
        nonlocal asked
        for number in range(0, 100, 5):
            asked += 1
            yield [{"path": f"texts/{n:02}"} for n in range(number, number + 5)]

    monkeypatch.setattr(obstore, "list", listing)
    monkeypatch.setattr("tokenline.adapters.files_obstore._SORTED", (LocalStore,))
    assert await files.page("texts", None, 7) == [f"texts/{n:02}" for n in range(7)]
    assert asked == 2


async def test_what_is_not_whole_is_not_found(files):
    found = []

    async def looks():
        yield b"x" * (6 * MIB)
        found.extend([key async for key in files.keys("uploads/u1")])
        yield b"y"

    await files.put("uploads/u1/a", looks())
    assert found == []
    assert [key async for key in files.keys("uploads/u1")] == ["uploads/u1/a"]


async def test_folders_that_are_empty_are_gone(tmp_path):
    files = ObstoreFiles(tmp_path)
    await files.put("uploads/u1/a", pieces(b"x"))
    await files.delete("uploads/u1/a")
    assert list(tmp_path.iterdir()) == []
    await files.put("uploads/u1/a", pieces(b"y"))
    assert await read(files, "uploads/u1/a") == b"y"


async def test_what_a_killed_writer_left_is_removed_after_a_day(tmp_path):
    files = ObstoreFiles(tmp_path)
    await files.put("attachments/a", pieces(b"whole"))
    old, fresh = tmp_path / "attachments" / "b#1", tmp_path / "attachments" / "c#1"
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - UNFINISHED_S - 60,) * 2)
    await files.tidy()
    assert sorted(path.name for path in (tmp_path / "attachments").iterdir()) == ["a", "c#1"]
    assert await read(files, "attachments/a") == b"whole"
