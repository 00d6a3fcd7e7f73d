"""R5, R7: an answer's citations are passages that its own run gave to the model, of files that still are there, and
what could not be read is named beside it. Nothing of that touches the text."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from services.gateway.accept import Question
from tests.integration.line.house import House
from tests.support.broker import eventually
from tests.support.drafts import an_attachment
from tests.support.in_process.processes import Gateway, Worker
from tokenline.adapters.broker_memory import MemoryBroker
from tokenline.contracts.attachments import Attachment, AttachmentState, Passage, SearchRequest
from tokenline.contracts.chat import Message, UnreadFile
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.tickets import Ticket, TicketState, Usage
from tokenline.core.ports.model import ModelEnd, ModelEvent, ModelRequest, ModelText
from tokenline.core.ports.search import Search

LOCKED = ErrorInfo(code="encrypted", message="“locked.pdf” is encrypted.")


class Shelf:
    """A search that finds these passages, whatever is asked."""

    def __init__(self, *passages: Passage) -> None:
        self._passages = passages

    async def passages(self, request: SearchRequest) -> tuple[Passage, ...]:
        return self._passages

    async def close(self) -> None:
        return


class Speaker:
    """Says these pieces. The last one waits until ``may_end``."""

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces
        self.asked: list[str] = []
        self.was_asked = asyncio.Event()
        self.may_end = asyncio.Event()

    @asynccontextmanager
    async def stream(self, request: ModelRequest, _: object = None) -> AsyncIterator[AsyncIterator[ModelEvent]]:
        self.asked.append(request.turns[0].content)
        self.was_asked.set()
        yield self._events()

    async def _events(self) -> AsyncIterator[ModelEvent]:
        for piece in self.pieces[:-1]:
            yield ModelText(text=piece)
        await self.may_end.wait()
        yield ModelText(text=self.pieces[-1])
        yield ModelEnd(finish_reason="stop", usage=Usage())

    def expect(self) -> None:
        """Nothing to do ahead."""

    async def close(self) -> None:
        return


class Scene:
    """A gateway with files of Ann's, and workers as they are called for."""

    def __init__(self, house: House, gateway: Gateway) -> None:
        self._house = house
        self._gateway = gateway
        self._workers: list[Worker] = []

    async def file(self, **changes: object) -> Attachment:
        file = an_attachment(self._house.clock, "ann", **changes)
        await self._house.store.add_attachment(file)
        return file

    async def worker(self, name: str, speaker: Speaker, *passages: Passage) -> Worker:
        broker = MemoryBroker(self._house.server)
        worker = Worker(name, self._house.store, broker, speaker, self._house.clock)
        worker.deps.search = cast(Search, Shelf(*passages))
        self._workers.append(worker)
        await worker.start()
        return worker

    async def ask(self, *files: Attachment) -> Ticket:
        question = Question(content="How high?", attachment_ids=tuple(file.id for file in files))
        return (await self._gateway.ask("ann", question)).ticket

    async def answer(self, ticket: Ticket) -> Message:
        async def is_there() -> bool:
            now = await self._house.store.get_ticket(ticket.id)
            return now is not None and now.state is TicketState.COMPLETE

        await eventually(is_there)
        answer = await self._house.store.get_message(ticket.answer_id)
        assert answer is not None
        return answer

    async def close(self) -> None:
        for worker in self._workers:
            await worker.kill()


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    house = House(folder / "line.db")
    await house.open()
    scene = Scene(house, await house.gateway("gateway"))
    try:
        yield scene
    finally:
        await scene.close()
        await house.close()


def passages_of(file: Attachment, *contents: str) -> Sequence[Passage]:
    return [
        Passage(
            attachment_id=file.id,
            name=file.name,
            page=None,
            start=0,
            end=len(content),
            content=content,
            similarity=0.9,
            section="Towers",
        )
        for content in contents
    ]


async def test_numbers_that_were_given_become_citations_however_they_came(tmp_path: Path) -> None:
    async with scene(tmp_path) as line:
        file = await line.file(name="towers.md")
        speaker = Speaker("24 metres [", "1", "][", "3] and [7]; not `a", "[2]`.")
        speaker.may_end.set()
        await line.worker("worker", speaker, *passages_of(file, "It is 24 m high.", "x", "Twenty-four."))
        answer = await line.answer(await line.ask(file))
        assert answer.content == "24 metres [1][3] and [7]; not `a[2]`."
        assert [(one.number, one.passage, one.section) for one in answer.citations] == [
            (1, "It is 24 m high.", "Towers"),
            (3, "Twenty-four.", "Towers"),
        ]
        assert "[1] towers.md, section Towers\n  It is 24 m high." in speaker.asked[0]


async def test_a_file_deleted_while_the_answer_is_written_is_not_cited(tmp_path: Path) -> None:
    async with scene(tmp_path) as line:
        gone, stays = await line.file(name="gone.md"), await line.file(name="stays.md")
        speaker = Speaker("As [1] and [2]", " say.")
        worker = await line.worker("worker", speaker, *passages_of(gone, "a"), *passages_of(stays, "b"))
        ticket = await line.ask(gone, stays)
        await speaker.was_asked.wait()
        await worker.deps.store.delete_attachment(gone.id)
        speaker.may_end.set()
        answer = await line.answer(ticket)
        assert answer.content == "As [1] and [2] say."
        assert [(one.number, one.name) for one in answer.citations] == [(2, "stays.md")]


async def test_passages_of_somebody_else_are_never_cited(tmp_path: Path) -> None:
    """Search has seen to it; a mistake there must not become a leak."""
    async with scene(tmp_path) as line:
        mine, theirs = await line.file(), await line.file(owner_id="eve", name="secret.md")
        speaker = Speaker("[1] ", "[2]")
        speaker.may_end.set()
        await line.worker("worker", speaker, *passages_of(theirs, "secret"), *passages_of(mine, "b"))
        assert [one.number for one in (await line.answer(await line.ask(mine))).citations] == [2]


async def test_another_attempt_cites_what_it_was_given_itself(tmp_path: Path) -> None:
    async with scene(tmp_path) as line:
        file = await line.file()
        stalls, ends = Speaker("It is [1] and ", "never"), Speaker("It is ", "[1].")
        first = await line.worker("first", stalls, *passages_of(file, "what the first one read"))
        ticket = await line.ask(file)
        await stalls.was_asked.wait()
        await first.kill()
        ends.may_end.set()
        await line.worker("second", ends, *passages_of(file, "what the second one read"))
        answer = await line.answer(ticket)
        assert answer.content == "It is [1]."
        assert [one.passage for one in answer.citations] == ["what the second one read"]


async def test_a_file_that_could_not_be_read_is_named_and_harms_no_other(tmp_path: Path) -> None:
    async with scene(tmp_path) as line:
        read = await line.file(name="towers.md")
        locked = await line.file(name="locked.pdf", state=AttachmentState.FAILED, error=LOCKED)
        speaker = Speaker("It is ", "[1].")
        speaker.may_end.set()
        await line.worker("worker", speaker, *passages_of(read, "It is 24 m high."))
        ticket = await line.ask(read, locked)
        answer = await line.answer(ticket)
        assert [one.name for one in answer.citations] == ["towers.md"]
        assert answer.unread == (UnreadFile(name="locked.pdf", reason=LOCKED.message),)
        assert "The file “locked.pdf” could not be read: “locked.pdf” is encrypted." in speaker.asked[0]
