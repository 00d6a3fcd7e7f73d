"""A3, A4, R6, S3, S6, C8: answers for which their model uses tools, from the question to what is stored. One text with
one cursor, whatever was called in between; stopped at any moment; begun anew by another worker."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from services.agent_worker.run import Stop
from services.gateway.accept import Question
from services.gateway.live import Follower
from tests.integration.line.house import House
from tests.integration.line.test_citations import passages_of
from tests.support.broker import eventually
from tests.support.drafts import an_attachment
from tests.support.in_process.processes import Gateway, Worker
from tokenline.adapters.broker_memory import MemoryBroker
from tokenline.contracts import frames as f
from tokenline.contracts.attachments import Attachment, Passage, SearchRequest
from tokenline.contracts.chat import Message, MessageStatus
from tokenline.contracts.tickets import Ticket, TicketState, Usage
from tokenline.contracts.tools import CURRENT_TIME, SEARCH_FILES
from tokenline.core.ports.model import ModelCall, ModelEnd, ModelEvent, ModelRequest, ModelText
from tokenline.core.ports.search import Search
from tokenline.runtime.agents import Agents

Said = str | tuple[str, str] | None
"""Text, or a call: the name of a tool and its arguments; ``None``: nothing more for ever."""


class Speaker:
    """Says this, a list for each time that it is asked; and again from the beginning when it is asked anew."""

    def __init__(self, *steps: list[Said], usage: Usage | None = None) -> None:
        self.steps = steps
        self.asked: list[ModelRequest] = []
        self.open = 0
        self.silent = asyncio.Event()
        self._usage = usage or Usage(prompt_tokens=10, completion_tokens=2)

    @asynccontextmanager
    async def stream(self, request: ModelRequest, _: object = None) -> AsyncIterator[AsyncIterator[ModelEvent]]:
        self.asked.append(request)
        self.open += 1
        try:
            yield self._events(self.steps[sum(turn.role == "tool" for turn in request.turns)])
        finally:
            self.open -= 1

    async def _events(self, said: list[Said]) -> AsyncIterator[ModelEvent]:
        called = 0
        for one in said:
            if one is None:
                self.silent.set()
                await asyncio.Event().wait()
            elif isinstance(one, str):
                yield ModelText(text=one)
            else:
                yield ModelCall(index=called, id="", name=one[0], arguments=one[1])
                called += 1
        yield ModelEnd(finish_reason="tool_calls" if called else "stop", usage=self._usage)

    def expect(self) -> None:
        """Nothing to do ahead."""

    async def close(self) -> None:
        return


class Shelf:
    """Finds the next of these lists at each search; where there is none any more it does not answer."""

    def __init__(self, *found: list[Passage]) -> None:
        self._found = deque(found)
        self.asked: list[SearchRequest] = []
        self.waits = asyncio.Event()
        self.left = asyncio.Event()

    async def passages(self, request: SearchRequest) -> tuple[Passage, ...]:
        self.asked.append(request)
        if self._found:
            return tuple(self._found.popleft())
        self.waits.set()
        try:
            return await asyncio.Future()
        finally:
            self.left.set()

    async def close(self) -> None:
        return


class Scene:
    def __init__(self, house: House, gateway: Gateway) -> None:
        self.house = house
        self.gateway = gateway
        self._workers: list[Worker] = []

    async def worker(self, speaker: Speaker, shelf: Shelf, name: str = "worker") -> Worker:
        house = self.house
        worker = Worker(name, house.store, MemoryBroker(house.server), speaker, house.clock, agents=house.agents)
        worker.deps.search = cast(Search, shelf)
        self._workers.append(worker)
        await worker.start()
        return worker

    async def file(self) -> Attachment:
        file = an_attachment(self.house.clock, "ann", name="towers.md")
        await self.house.store.add_attachment(file)
        return file

    async def ask(self, *files: Attachment, **more: Any) -> Ticket:
        question = Question(content="How high?", attachment_ids=tuple(file.id for file in files), **more)
        return (await self.gateway.ask("ann", question)).ticket

    async def follow(self, ticket: Ticket, gateway: Gateway | None = None) -> list[f.ServerFrame]:
        """What somebody who begins to follow now hears; it grows."""
        heard: list[f.ServerFrame] = []
        streams = (gateway or self.gateway).streams

        def wake(follower: Follower) -> None:
            live = streams.live.get(ticket.id)
            for frame in live.beyond(follower.cursor) if live else ():
                heard.append(msgspec.json.decode(frame, type=f.Text) if isinstance(frame, str) else frame)

        await streams.join(ticket, Follower(ticket.id, wake))
        return heard

    async def end(self, ticket: Ticket, state: TicketState = TicketState.COMPLETE) -> Message:
        async def is_there() -> bool:
            now = await self.house.store.get_ticket(ticket.id)
            return now is not None and now.state is state

        await eventually(is_there)
        answer = await self.house.store.get_message(ticket.answer_id)
        assert answer is not None
        return answer

    async def close(self) -> None:
        for worker in self._workers:
            await worker.kill()


@asynccontextmanager
async def scene(folder: Path, *tools: str, **agent: Any) -> AsyncIterator[Scene]:
    house = House(folder / "line.db")
    house.agents = Agents((replace(house.agents.default, tools=tools or (SEARCH_FILES, CURRENT_TIME), **agent),))
    await house.open()
    scene = Scene(house, await house.gateway("gateway"))
    try:
        yield scene
    finally:
        await scene.close()
        await house.close()


def query(words: str) -> tuple[str, str]:
    return SEARCH_FILES, f'{{"query": "{words}"}}'


def text_of(heard: Sequence[f.ServerFrame], attempt: int = 1) -> str:
    """Put together by offsets, which go on without a gap."""
    text = ""
    for frame in heard:
        if isinstance(frame, f.Text) and frame.attempt == attempt:
            assert frame.offset == len(text)
            text += frame.text
    return text


def uses_of(heard: Sequence[f.ServerFrame], attempt: int = 1) -> list[tuple[str, str, str | None]]:
    return [
        (frame.name, frame.status, frame.detail.summary)
        for frame in heard
        if isinstance(frame, f.ToolCallFrame) and frame.attempt == attempt
    ]


def kinds(heard: Sequence[f.ServerFrame]) -> list[type]:
    return [type(frame) for frame in heard]


async def test_two_searches_one_text_one_numbering_and_all_of_it_stored(tmp_path: Path) -> None:
    async with scene(tmp_path) as line:
        file = await line.file()
        front, found = (
            passages_of(file, "The pier is old."),
            passages_of(file, "It is 24 metres high.", "The pier is old. 2"),
        )
        speaker = Speaker(
            ["Let me ", "look.", query("height")],
            [query("age")],
            ["24 m [2], old [1], ", "and more [3][9]."],
        )
        shelf = Shelf(list(front), list(found[:1]), [front[0], found[1]])
        ticket = await line.ask(file)
        heard = await line.follow(ticket)
        await line.worker(speaker, shelf)
        answer = await line.end(ticket)
        await eventually(lambda: _now(f.Complete in kinds(heard)))

        assert answer.content == "Let me look.\n\n24 m [2], old [1], and more [3][9]."
        assert text_of(heard) == answer.content
        done = [(SEARCH_FILES, "started", None), (SEARCH_FILES, "completed", "1 passage")]
        assert uses_of(heard) == [*done, done[0], (SEARCH_FILES, "completed", "2 passages")]
        assert [(call.name, call.arguments) for call in answer.tool_calls] == [query("height"), query("age")]
        assert [call.outcome and call.outcome.summary for call in answer.tool_calls] == ["1 passage", "2 passages"]
        assert answer.open_calls == ()
        assert [(one.number, one.passage) for one in answer.citations] == [
            (1, "The pier is old."),
            (2, "It is 24 metres high."),
            (3, "The pier is old. 2"),
        ]
        assert (answer.usage, answer.finish_reason) == (Usage(prompt_tokens=30, completion_tokens=6), "stop")
        assert {(one.owner_id, one.conversation_id) for one in shelf.asked} == {("ann", ticket.conversation_id)}
        assert [one.query for one in shelf.asked] == ["How high?", "height", "age"]
        [_, _, last] = speaker.asked
        roles = [turn.role for turn in last.turns]
        assert roles == ["system", "user", "assistant", "tool", "assistant", "tool"]
        assert "[2] towers.md, section Towers\n  It is 24 metres high." in last.turns[3].content


async def _now(holds: bool) -> bool:
    return holds


async def test_what_goes_wrong_in_a_tool_is_the_models_to_hear_and_not_the_users(tmp_path: Path) -> None:
    async with scene(tmp_path, CURRENT_TIME) as line:
        speaker = Speaker(
            [(CURRENT_TIME, '{"timezone": "Mars"}')], [query("x")], [(CURRENT_TIME, "{")], ["I do not know."]
        )
        ticket = await line.ask()
        heard = await line.follow(ticket)
        await line.worker(speaker, Shelf())
        answer = await line.end(ticket)
        assert answer.content == "I do not know."
        assert [call.outcome and call.outcome.status for call in answer.tool_calls] == ["failed"] * 3
        results = [turn.content for turn in speaker.asked[-1].turns if turn.role == "tool"]
        assert "There is no time zone 'Mars'" in results[0]
        assert "There is no tool 'search_files': there are current_time." in results[1]
        assert "not a JSON object" in results[2]
        assert [status for _, status, _ in uses_of(heard)] == ["started", "failed"] * 3


async def test_whoever_comes_in_the_middle_of_a_call_sees_the_text_and_the_calls_so_far(tmp_path: Path) -> None:
    async with scene(tmp_path) as line:
        file = await line.file()
        speaker = Speaker(["Let me look.", query("a")], [query("b")], ["never"])
        shelf = Shelf([], list(passages_of(file, "x")))
        ticket = await line.ask(file)
        first = await line.follow(ticket)
        await line.worker(speaker, shelf)
        await shelf.waits.wait()
        another = await line.house.gateway("another")
        second = await line.follow(ticket, another)
        expected = [
            (SEARCH_FILES, "started", None),
            (SEARCH_FILES, "completed", "1 passage"),
            (SEARCH_FILES, "started", None),
        ]
        await eventually(lambda: _now(text_of(second) == "Let me look." and uses_of(second) == expected))
        assert uses_of(first) == expected


async def test_stopped_in_the_middle_of_a_call_the_text_is_kept_and_the_tool_is_let_go(tmp_path: Path) -> None:
    async with scene(tmp_path) as line:
        speaker, shelf = Speaker(["Let me look.", query("a")], ["never"]), Shelf()
        ticket = await line.ask()
        worker = await line.worker(speaker, shelf)
        await shelf.waits.wait()
        worker.intake.runs[ticket.id].stop(Stop.CANCELLED)
        answer = await line.end(ticket, TicketState.CANCELLED)
        assert shelf.left.is_set()
        assert (answer.content, answer.status) == ("Let me look.", MessageStatus.CANCELLED)
        [call] = answer.tool_calls
        assert (call.outcome and call.outcome.summary) == "It was stopped."
        assert (len(speaker.asked), speaker.open) == (1, 0)


async def test_stopped_after_a_call_the_text_and_what_came_of_it_are_kept(tmp_path: Path) -> None:
    async with scene(tmp_path) as line:
        file = await line.file()
        speaker = Speaker(["Let me look.", query("a")], ["It is [1]", None])
        ticket = await line.ask(file)
        worker = await line.worker(speaker, Shelf([], list(passages_of(file, "x"))))
        await speaker.silent.wait()
        worker.intake.runs[ticket.id].stop(Stop.CANCELLED)
        answer = await line.end(ticket, TicketState.CANCELLED)
        assert answer.content == "Let me look.\n\nIt is [1]"
        assert [one.number for one in answer.citations] == [1]
        assert [call.outcome and call.outcome.status for call in answer.tool_calls] == ["completed"]
        assert answer.usage == Usage(prompt_tokens=10, completion_tokens=3, estimated=True)
        assert speaker.open == 0


async def test_another_worker_begins_anew_and_nothing_of_the_first_is_left(tmp_path: Path) -> None:
    async with scene(tmp_path) as line:
        file = await line.file()
        ticket = await line.ask(file)
        heard = await line.follow(ticket)
        dies = Shelf([], list(passages_of(file, "what the first one found")))
        first = await line.worker(Speaker(["One.", query("a")], ["Two.", query("b")], ["never"]), dies, "first")
        await dies.waits.wait()
        await first.kill()
        lives = Shelf([], list(passages_of(file, "what the second one found")))
        await line.worker(Speaker(["Again.", query("c")], ["It is [1]."]), lives, "second")
        answer = await line.end(ticket)
        await eventually(lambda: _now(f.Complete in kinds(heard)))
        assert answer.content == text_of(heard, 2) == "Again.\n\nIt is [1]."
        assert [one.passage for one in answer.citations] == ["what the second one found"]
        assert [call.arguments for call in answer.tool_calls] == [query("c")[1]]
        assert kinds(heard).count(f.Restarted) == 1
        assert uses_of(heard, 2) == [(SEARCH_FILES, "started", None), (SEARCH_FILES, "completed", "1 passage")]


async def test_calls_of_a_clients_own_tools_go_to_the_client_and_the_answer_ends(tmp_path: Path) -> None:
    async with scene(tmp_path, CURRENT_TIME) as line:
        theirs = {"type": "function", "function": {"name": "weather"}}
        speaker = Speaker([(CURRENT_TIME, "")], ["Now. ", ("weather", '{"place": "Rome"}')])
        ticket = await line.ask(options={"tools": [theirs]})
        await line.worker(speaker, Shelf())
        answer = await line.end(ticket)
        assert [(call.name, call.outcome is None) for call in answer.tool_calls] == [
            (CURRENT_TIME, False),
            ("weather", True),
        ]
        assert [call.arguments for call in answer.open_calls] == ['{"place": "Rome"}']
        assert answer.finish_reason == "tool_calls"


async def test_a_model_that_only_ever_calls_has_given_no_answer(tmp_path: Path) -> None:
    async with scene(tmp_path, CURRENT_TIME, tool_steps=2) as line:
        speaker = Speaker([(CURRENT_TIME, "{}")], [(CURRENT_TIME, "{}")])
        ticket = await line.ask()
        await line.worker(speaker, Shelf())

        async def failed() -> bool:
            now = await line.house.store.get_ticket(ticket.id)
            return now is not None and now.state is TicketState.ERROR

        await eventually(failed)
        ended = await line.house.ticket(ticket.id)
        assert ended.error is not None
        assert (ended.error.code, len(speaker.asked)) == ("incomplete", 2 * 3)


async def test_what_a_model_calls_in_its_last_step_is_left_and_its_words_are_the_answer(tmp_path: Path) -> None:
    async with scene(tmp_path, CURRENT_TIME, tool_steps=2) as line:
        speaker = Speaker([(CURRENT_TIME, "{}")], ["It is noon.", (CURRENT_TIME, "{}")])
        ticket = await line.ask()
        await line.worker(speaker, Shelf())
        answer = await line.end(ticket)
        assert (answer.content, answer.finish_reason) == ("It is noon.", "stop")
        assert [call.outcome is None for call in answer.tool_calls] == [False]


async def test_all_steps_together_have_the_time_of_one_answer(tmp_path: Path) -> None:
    async with scene(tmp_path) as line:
        speaker, shelf = Speaker(["So far.", query("a")], ["never"]), Shelf()
        ticket = await line.ask()
        worker = await line.worker(speaker, shelf)
        worker.deps.answer_s = 0.01
        answer = await line.end(ticket, TicketState.ERROR)
        assert (answer.content, answer.status) == ("So far.", MessageStatus.INCOMPLETE)
        assert [call.outcome and call.outcome.summary for call in answer.tool_calls] == ["It was stopped."]
        assert len(speaker.asked) == 3, "every attempt"


async def test_an_agent_without_tools_is_asked_as_ever(tmp_path: Path) -> None:
    async with scene(tmp_path) as line:
        line.house.agents = Agents((replace(line.house.agents.default, tools=()),))
        speaker = Speaker(["It is ", (CURRENT_TIME, "{}")])
        ticket = await line.ask()
        await line.worker(speaker, Shelf())
        answer = await line.end(ticket)
        assert speaker.asked[0].extra == {}
        assert [call.name for call in answer.open_calls] == [CURRENT_TIME]
        assert answer.finish_reason == "tool_calls"
