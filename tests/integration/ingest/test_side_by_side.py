"""Files are read while others are written, and are settled together; none counts before it is settled (R4)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.support.in_process.whole_ingest import Premises, Process
from tokenline.contracts.attachments import Attachment, AttachmentState

PARALLEL = 2


@pytest.fixture
async def premises(tmp_path) -> AsyncIterator[Premises]:
    async with Premises(tmp_path) as premises:
        yield premises


@pytest.fixture
async def process(premises) -> AsyncIterator[Process]:
    process = Process(premises)
    yield process
    await process.end()


class Gate:
    """Before something is done, until it is opened."""

    def __init__(self, work: Callable[..., Awaitable[Any]]) -> None:
        self._work = work
        self._changed = asyncio.Condition()
        self._is_open = asyncio.Event()
        self.come = self.gone = 0

    async def __call__(self, *arguments: Any) -> Any:
        await self._count(come=1)
        await self._is_open.wait()
        done = await self._work(*arguments)
        await self._count(gone=1)
        return done

    async def reached(self, *, come: int = 0, gone: int = 0) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: self.come >= come and self.gone >= gone)

    def open(self) -> None:
        self._is_open.set()

    async def _count(self, come: int = 0, gone: int = 0) -> None:
        async with self._changed:
            self.come += come
            self.gone += gone
            self._changed.notify_all()


async def upload(premises: Premises, count: int) -> list[Attachment]:
    return [await premises.upload(f"A pangolin, number {number}.") for number in range(count)]


async def states(premises: Premises, files: list[Attachment]) -> set[AttachmentState]:
    return {stored.state for file in files if (stored := await premises.store.get_attachment(file.id)) is not None}


async def test_the_next_are_read_while_others_are_written(premises, process):
    vectors, sandbox = process.deps.vectors, process.sandbox
    writing, extract = Gate(vectors.upsert), Gate(sandbox.extract)
    unwritten = []

    async def read(*arguments: Any) -> Any:
        unwritten.append(extract.come + 1 - writing.gone)
        return await extract(*arguments)

    vectors.upsert, sandbox.extract = writing, read
    extract.open()
    await process.start()
    files = await upload(premises, 8)
    await writing.reached(come=PARALLEL)
    await extract.reached(gone=2 * PARALLEL)
    writing.open()
    await process.idle()
    assert max(unwritten) == 2 * PARALLEL
    assert await states(premises, files) == {AttachmentState.INDEXED}


async def test_those_that_wait_to_be_settled_keep_nobody_from_reading_and_are_acknowledged_after_it(premises, process):
    vectors = process.deps.vectors
    written, settling = Gate(vectors.upsert), Gate(vectors.settle)
    vectors.upsert, vectors.settle = written, settling
    written.open()
    await process.start()
    files = await upload(premises, 2 * PARALLEL + 1)
    await settling.reached(come=1)
    await written.reached(gone=len(files))
    assert await states(premises, files) == {AttachmentState.EMBEDDING}
    assert premises.jobs_left() == len(files)
    settling.open()
    await process.idle()
    assert settling.gone == 2  # the first, and all the others together
    assert await states(premises, files) == {AttachmentState.INDEXED}
    assert premises.jobs_left() == 0
