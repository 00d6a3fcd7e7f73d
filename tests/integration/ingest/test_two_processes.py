"""Several ingest processes on one Qdrant: they share files without doing one twice, and a rebuild outlives its doer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.ingest.lease import EXPIRE_S
from tests.support.in_process.fuse import Died
from tests.support.in_process.whole_ingest import NEW, OLD, Premises, Process, a_server
from tokenline.contracts.attachments import AttachmentState
from tokenline.contracts.errors import Misconfigured, SearchUnavailable

# The client's local mode says that payload indexes do nothing there; the server's do.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    monkeypatch.setattr("services.ingest.jobs.RETRY_S", (0.0,))
    monkeypatch.setattr("services.ingest.rebuild.AT_A_TIME", 1)
    monkeypatch.setattr("services.ingest.rebuild.RETRY_S", (0.0,))
    monkeypatch.setattr("services.ingest.rebuild.TELL_S", 0.0)
    monkeypatch.setattr("services.ingest.lease.ASK_AGAIN_S", 0.001)
    with capture_logs() as logs:
        yield logs


@pytest.fixture
async def premises(tmp_path) -> AsyncIterator[Premises]:
    async with Premises(tmp_path, a_server()) as premises:
        yield premises


async def state_of(premises: Premises, file) -> AttachmentState:
    stored = await premises.store.get_attachment(file.id)
    assert stored is not None
    return stored.state


async def test_files_are_shared_and_each_is_read_once(premises):
    one, two = await Process(premises).start(), await Process(premises).start()
    gate = asyncio.Event()
    for process in (one, two):
        process.sandbox.gate = gate
    files = [await premises.upload(f"Number {number}.") for number in range(8)]
    for process in (one, two):
        await process.sandbox.reading.wait()
    premises.clock.advance(EXPIRE_S)  # some wait for longer than the sweep's patience
    gate.set()
    for process in (one, two):
        await process.jobs.sweep()
    for process in (one, two, one):
        await process.idle()
    assert {await state_of(premises, file) for file in files} == {AttachmentState.INDEXED}
    assert one.sandbox.read + two.sandbox.read == len(files)
    for process in (one, two):
        await process.end()


async def test_what_another_has_takes_no_place(premises):
    """Two long files that one process reads and the sweep of the other finds do not keep it from its own."""
    one, two = await Process(premises).start(), Process(premises)
    one.sandbox.gate = asyncio.Event()
    long_ones = [await premises.upload(text) for text in ("Long.", "Longer.")]
    while one.sandbox.read < 2:
        one.sandbox.reading.clear()
        await one.sandbox.reading.wait()
    premises.clock.advance(31)
    for _ in range(2):  # as each process does every 5 s
        for file in long_ones:
            await premises.store.renew_lease(f"ingest:{file.id}", one.jobs._incarnation, EXPIRE_S)
    await two.start()
    await two.jobs.sweep()
    done, running = await asyncio.wait(two.jobs._tasks.values(), timeout=20)
    assert (len(done), running) == (2, set())
    assert two.sandbox.read == 0
    for file in (*long_ones, *long_ones, *long_ones):  # delivered again: three to each, and the first is full then
        await premises.publish(file)
    quick = await premises.upload("Quick.")
    async with asyncio.timeout(20):
        while await state_of(premises, quick) is not AttachmentState.INDEXED:
            await asyncio.wait(two.jobs._tasks.values(), return_when=asyncio.FIRST_COMPLETED)
    assert two.sandbox.read == 1
    one.sandbox.gate.set()
    await one.idle()
    await two.idle()
    assert (one.sandbox.read, two.sandbox.read) == (2, 1)
    for process in (one, two):
        await process.end()


async def test_a_rebuild_is_taken_over_while_others_search_and_write(premises):
    before = await Process(premises, OLD).start()
    files = [await premises.upload(f"A pangolin, number {number}.") for number in range(4)]
    await before.idle()
    await before.end()

    one = await Process(premises, NEW).start()
    two = await Process(premises, NEW).start()
    one.deps.store.note_indexed = _killing(one, after=2)  # type: ignore[method-assign]
    looked = await asyncio.gather(one.jobs.rebuild.look(), return_exceptions=True)
    assert isinstance(looked[0], Died)
    await two.jobs.rebuild.look()  # the other has it, as far as anybody knows
    assert str(two.jobs.rebuild.told) == "Filling the index of new (4 dimensions): 2 of 4 files."
    assert two.deps.vectors.state.current.layout == OLD
    assert len(await two.finds("pangolin")) == 4
    late = await premises.upload("A pangolin, late.")
    await one.end()  # gives back what it had in hand, and its leases run out
    await two.idle()
    assert len(await two.finds("pangolin")) == 5
    await two.jobs.rebuild.look()
    assert two.jobs.rebuild.told is None
    assert (two.deps.vectors.state.current.layout, await premises.engine.collections()) == (NEW, {NEW.collection})
    for file in (*files, late):
        assert len(await premises.passages(file, NEW)) == 1
    assert len(await two.finds("pangolin")) == 5
    await two.end()


async def test_who_has_not_heard_of_the_switch_finds_all_the_same(premises):
    before = await Process(premises, OLD).start()
    await premises.upload("A pangolin.")
    await before.idle()
    await before.end()
    one, two = await Process(premises, NEW).start(), await Process(premises, NEW).start()
    await one.jobs.rebuild.look()
    assert two.deps.vectors.state.current.layout == OLD
    assert await two.finds("pangolin") == ["A pangolin."]
    assert two.deps.vectors.state.current.layout == NEW
    for process in (one, two):
        await process.end()


class Broken:
    """An embedding model in trouble, until it is mended."""

    def __init__(self, trouble: Exception) -> None:
        self.trouble: Exception | None = trouble
        self.asked = 0
        self.again = asyncio.Event()

    async def embed(self, texts, *, tries=1):
        self.asked += 1
        if self.asked > 2:
            self.again.set()
        if self.trouble is not None:
            raise self.trouble
        return [[1.0, 2.0, 3.0] for _ in texts]

    async def close(self) -> None: ...


async def test_with_a_wrong_key_files_wait_and_it_is_said(premises, hasty):
    """No file fails for it, one by one; what is there is found by its words."""
    before = await Process(premises, OLD).start()
    await premises.upload("A pangolin.")
    await before.idle()
    await before.end()
    process = await Process(premises, OLD).start()
    model = Broken(Misconfigured("The key is wrong."))
    embedders = process.deps.vectors.embedders
    embedders._made["old"] = model
    file = await premises.upload("A bicycle.")
    await asyncio.wait_for(model.again.wait(), 20)
    assert await state_of(premises, file) is AttachmentState.EMBEDDING
    with pytest.raises(Misconfigured, match="key is wrong"):
        await embedders.check()
    assert await process.finds("pangolin") == ["A pangolin."]
    exposition = process.deps.metrics.exposition().decode()
    assert "tokenline_embedding_refused 1.0" in exposition
    assert "tokenline_searches_by_words_total 1.0" in exposition
    said = [one for one in hasty if one["event"] == "embedding.in_trouble"]
    assert [(one["log_level"], one["problem"]) for one in said] == [("error", "The key is wrong.")]
    model.trouble = None
    await process.idle()
    assert await state_of(premises, file) is AttachmentState.INDEXED
    await embedders.check()
    assert embedders.told is None
    assert "tokenline_embedding_refused 0.0" in process.deps.metrics.exposition().decode()
    await process.end()


async def test_a_search_does_not_wait_for_a_model_that_is_away(premises):
    process = await Process(premises, OLD).start()
    await premises.upload("A pangolin.")
    await process.idle()
    model = Broken(SearchUnavailable("It is away.", retry_after_s=100.0))
    process.deps.vectors.embedders._made["old"] = model
    for _ in range(3):
        assert await process.finds("pangolin") == ["A pangolin."]
    assert model.asked == 1
    await process.deps.vectors.embedders.check()  # it serves all the same
    assert process.deps.vectors.embedders.told == "It is away."
    assert "tokenline_searches_by_words_total 3.0" in process.deps.metrics.exposition().decode()
    premises.clock.advance(100.0)
    model.trouble = None
    assert await process.finds("pangolin") == ["A pangolin."]
    assert model.asked == 2
    await process.end()


async def test_a_wrong_key_is_known_before_a_file_needs_it_and_that_it_is_mended_as_well(premises):
    process = await Process(premises, OLD).start()
    embedders = process.deps.vectors.embedders
    model = embedders._made["old"] = Broken(Misconfigured("The key is wrong."))
    await embedders.look()
    with pytest.raises(Misconfigured):
        await embedders.check()
    model.trouble = None
    for _ in range(3):
        await embedders.look()
    await embedders.check()
    assert model.asked == 2
    await process.end()


def _killing(process: Process, after: int):
    """Its death after so many files were noted."""
    note = process._premises.store.note_indexed
    calls = 0

    async def note_indexed(*arguments) -> None:
        nonlocal calls
        await note(*arguments)
        calls += 1
        if calls == after:
            process.fault.kill()
            process.fault.strikes("note_indexed")

    return note_indexed
