"""R4: whatever call of ingest fails, and wherever it is killed, the end is that of an undisturbed run.

Each run has its fault one call further than the one before, until one comes to its end before its fault.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import pytest
from structlog.testing import capture_logs

from tests.support.in_process.fuse import Died
from tests.support.in_process.whole_ingest import LONGER_THAN_LEASES_S, NEW, OLD, OWNER, Premises, Process, a_server
from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.errors import ErrorInfo, Retryable
from tokenline.contracts.vectors import Layout

HOW = ["killed", "before", "after"]
TEXT = "\n\n".join(f"{word} sleep during the day. " * 20 for word in ("Pangolins", "Owls", "Bats!"))
ORDER = [AttachmentState.EXTRACTING, AttachmentState.EMBEDDING, AttachmentState.INDEXED]

# The client's local mode says that payload indexes do nothing there; the server's do.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Without pauses, and without writing down how each process died, which takes most of the time."""
    monkeypatch.setattr("services.ingest.jobs.RETRY_S", (0.0,))
    monkeypatch.setattr("services.ingest.rebuild.RETRY_S", (0.0,))
    monkeypatch.setattr("services.ingest.lease.ASK_AGAIN_S", 0.001)
    with capture_logs():
        yield


@pytest.fixture
async def premises(tmp_path) -> AsyncIterator[Premises]:
    async with Premises(tmp_path) as premises:
        yield premises


Run = Callable[[int | None, str], Awaitable[int]]
"""With a fault at this call; how many calls were made by the process that had it."""


async def every_call(run: Run, how: str, at_least: int) -> None:
    await run(None, how)
    at = 1
    while await run(at, how) >= at:
        at += 1
    assert at > at_least


async def seen_through(process: Process, premises: Premises, reads_by: str | None = None) -> None:
    """By this process, or by another one after its death."""
    await process.idle()
    if process.fault.dead:
        await process.end()
        process = await Process(premises, process.deps.vectors.embedders.wanted, reads_by=reads_by).start()
        await process.idle()
    await process.end()


class End(NamedTuple):
    """All that there is to know of a file."""

    state: AttachmentState
    chunks: int | None
    warning: str | None
    error: ErrorInfo | None
    passages: list[str]
    with_vectors: int
    text: bytes | None
    lacks: bool


async def whole(premises: Premises, file: Attachment, layout: Layout) -> End:
    stored = await premises.store.get_attachment(file.id)
    assert stored is not None
    state = await premises.store.index_state()
    assert state is not None
    outdated = await premises.store.outdated_attachments(state.wanted.no, 100)
    return End(
        stored.state,
        stored.chunks,
        stored.warning,
        stored.error,
        await premises.passages(file, layout),
        await premises.alike(file, layout),
        await premises.kept_text(file),
        file.id in {one.id for one in outdated},
    )


def sane(premises: Premises, file: Attachment) -> None:
    """What was told goes forward, begins anew only after a failure, and ends with the end."""
    states = [told.state for told in premises.told if told.id == file.id]
    for before, after in pairwise(states):
        assert after is ORDER[0] or ORDER.index(before) <= ORDER.index(after), states
        assert before is not ORDER[-1] or after is ORDER[-1], states
    versions = [told.version for told in premises.told if told.id == file.id]
    assert versions == sorted(versions)


@pytest.mark.parametrize("how", HOW)
async def test_reading_a_file(premises, how):
    ends: list[End] = []

    async def run(at: int | None, how: str) -> int:
        process = await Process(premises, OLD).start()
        process.fault.arm(at, how)
        file = await premises.upload(TEXT)
        await seen_through(process, premises)
        assert premises.jobs_left() == 0
        ends.append(await whole(premises, file, OLD))
        assert ends[-1] == ends[0]
        sane(premises, file)
        if not (process.fault.calls[-1] == "ack" and how == "killed"):  # its last word may be lost with it
            assert premises.told[-1].state is AttachmentState.INDEXED
        return len(process.fault.calls)

    await every_call(run, how, 20)
    end = ends[0]
    assert (end.state, end.chunks, end.error, end.lacks) == (AttachmentState.INDEXED, len(end.passages), None, False)
    assert end.warning is not None
    assert "refused" in end.warning
    assert 0 < end.with_vectors < len(end.passages)
    assert end.text


@pytest.mark.parametrize("how", HOW)
async def test_taking_over_what_was_read_of_the_same_content(premises, how):
    first = await Process(premises, OLD, reads_by="the same").start()
    read = await whole(premises, await uploaded(first, premises), OLD)
    await first.end()

    async def run(at: int | None, how: str) -> int:
        process = await Process(premises, OLD, reads_by="the same").start()
        process.fault.arm(at, how)
        file = await premises.upload(TEXT)
        await seen_through(process, premises, reads_by="the same")
        assert process.sandbox.read == premises.jobs_left() == 0
        assert await whole(premises, file, OLD) == read
        sane(premises, file)
        return len(process.fault.calls)

    await every_call(run, how, 15)


async def uploaded(process: Process, premises: Premises) -> Attachment:
    file = await premises.upload(TEXT)
    await process.idle()
    return file


async def nothing_left(premises: Premises, file: Attachment) -> None:
    assert await premises.passages(file, OLD) == []
    assert await premises.kept_text(file) is None
    assert premises.jobs_left() == 0


@pytest.mark.parametrize("how", HOW)
async def test_deleting_a_file(premises, how):
    """Whoever wants it deleted asks again, as the gateway does until it is told that it is."""

    async def run(at: int | None, how: str) -> int:
        process = await Process(premises, OLD).start()
        file, other = await premises.upload(TEXT), await premises.upload("Badgers sleep.")
        await process.idle()
        process.fault.arm(at, how)
        try:
            await process.jobs.forget(OWNER, [file.id])
        except Died:
            await process.end()
            again = await Process(premises, OLD).start()
            await again.jobs.forget(OWNER, [file.id])
            await again.end()
        except Retryable:
            await process.jobs.forget(OWNER, [file.id])
        await premises.store.delete_attachment(file.id)
        await process.end()
        await nothing_left(premises, file)
        assert await premises.passages(other, OLD) == ["Badgers sleep."]
        return len(process.fault.calls)

    await every_call(run, how, 5)


@pytest.mark.parametrize("how", HOW)
async def test_deleted_by_another_process_while_it_is_read(premises, how):
    async def run(at: int | None, how: str) -> int:
        process = await Process(premises, OLD).start()
        process.sandbox.gate = asyncio.Event()
        file = await premises.upload(TEXT)
        await process.sandbox.reading.wait()
        await deleted(premises, file)
        process.fault.arm(at, how)
        process.sandbox.gate.set()
        await seen_through(process, premises)
        await nothing_left(premises, file)
        return len(process.fault.calls)

    await every_call(run, how, 5)


async def test_deleted_after_its_reader_was_killed_and_before_its_job_comes_again(premises):
    async def run(at: int | None, how: str) -> int:
        process = await Process(premises, OLD).start()
        process.fault.arm(at, how)
        file = await premises.upload(TEXT)
        await process.idle()
        await premises.store.delete_attachment(file.id)  # all that has come to pass of a deletion
        await process.end()
        if premises.jobs_left():
            await seen_through(await Process(premises, OLD).start(), premises)
            await nothing_left(premises, file)
        return len(process.fault.calls)

    await every_call(run, "killed", 20)


async def deleted(premises: Premises, file: Attachment) -> None:
    process = Process(premises, OLD)
    await process.deps.vectors.open()
    await process.jobs.forget(OWNER, [file.id])
    await premises.store.delete_attachment(file.id)


@pytest.fixture
async def quick_premises(tmp_path) -> AsyncIterator[Premises]:
    """A collection is made and dropped in each run, which takes the embedded engine a quarter of a second."""
    async with Premises(tmp_path, a_server()) as premises:
        yield premises


@pytest.mark.parametrize("how", HOW)
async def test_another_embedding_model(quick_premises, how):
    premises, layouts = quick_premises, [NEW, OLD]
    first = await Process(premises, OLD).start()
    files = [await premises.upload(text) for text in (TEXT, "Badgers sleep.", "Bats!")]
    await first.idle()
    await first.end()
    ends: dict[Layout, list[End]] = {}

    async def run(at: int | None, how: str) -> int:
        wanted = layouts[0]
        layouts.reverse()
        process = Process(premises, wanted)
        process.fault.arm(at, how)
        try:
            await filled(process)
        except Died:
            premises.clock.advance(LONGER_THAN_LEASES_S)
            await filled(Process(premises, wanted))
        premises.clock.advance(LONGER_THAN_LEASES_S)  # one that could not be given back runs out
        state = await premises.store.index_state()
        assert state is not None
        assert (state.current.layout, state.filling, state.dropping) == (wanted, None, ())
        assert await premises.engine.collections() == {wanted.collection}
        end = [await whole(premises, file, wanted) for file in files]
        assert end == ends.setdefault(wanted, end)
        return len(process.fault.calls)

    await every_call(run, how, 30)
    assert [len(ends[layout]) for layout in (OLD, NEW)] == [3, 3]


async def filled(process: Process) -> None:
    """As the service does it: again after an error."""
    while True:
        try:
            await process.deps.vectors.open()
            break
        except Retryable:
            continue
    while True:
        try:
            await process.jobs.rebuild.look()
        except Retryable:
            continue
        state = process.deps.vectors.state
        if state.filling is None and not state.dropping:
            return
