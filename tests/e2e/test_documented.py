"""One long conversation with the running services, all of it held against the documents that they serve.

`Chat` gives every frame to the checker and `System.client` every answer; here it is seen to that all there is comes up.
With ``--record FOLDER`` (``make recordings``) what the sockets said is written down for the TypeScript client's tests.
"""

import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect

from deploy.local.rabbitmq import NodeHandle
from tests.support.chat import Frame, Seen
from tests.support.documented import check_events, rest, sockets
from tests.support.system import System, shared_system
from tests.support.tape import Tape, Taped
from tokenline.contracts.base import to_json
from tokenline.runtime.documents.asyncapi import asyncapi

FACTS = b"The lighthouse of Port Ellen was built in 1832 and is 24 metres high.\n"
STALLS = '{"say": "wait for it, and then for more of it", "per_second": 0.1}'
SAID = "one two three four five six seven"
STREAMS = json.dumps({"say": SAID, "per_second": 20})
LONG = json.dumps({"say": " ".join(f"{number}·🎟" for number in range(400)), "per_second": 400})
LOOKS = json.dumps(
    {
        "say": "Let me look.",
        "calls": [{"name": "search_files", "arguments": '{"query": "lighthouse"}'}],
        "steps": [
            {"tokens": 0, "calls": [{"name": "search_files", "arguments": "{"}]},
            {"say": "It is 24 m high [1] 🎟."},
        ],
    }
)
AGENTS = """
[[agents]]
id = "assistant"
name = "Assistant"
model = "scripted"
capabilities = ["chat", "attachments"]
tools = ["search_files", "current_time"]
"""


@pytest.fixture(scope="module")
def running(broker_node: NodeHandle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("documented")
    (folder / "agents.toml").write_text(AGENTS)
    with shared_system(broker_node, folder) as system:
        system.for_all(TOKENLINE_AGENTS_FILE=str(folder / "agents.toml"))
        system.scripted_model()
        system.ingest()
        system.worker(slots=2)
        system.gateway()
        yield system


class Person:
    """Somebody with an API key, whose sockets are taped."""

    def __init__(self, system: System, client: httpx2.Client) -> None:
        self._system = system
        self.client = client
        self._key = self.client.post("/api/v1/api-keys", json={"name": "tape"}).json()["key"]
        self.tape = Tape()

    @contextlib.asynccontextmanager
    async def socket(self, path: str = "/api/v1/chat/ws", former: Taped | None = None) -> AsyncIterator[Taped]:
        """Another socket of the same client, or with ``former`` the one after a cut."""
        headers = {"authorization": f"Bearer {self._key}"}
        async with connect(self._system.socket_url(path=path), additional_headers=headers) as socket:
            taped = Taped(socket, self.tape, former)
            await taped.until(lambda: any(frame["type"] == "ready" for frame in taped.other))
            yield taped

    def ends(self, *tickets: str) -> dict[str, Any]:
        answers = {}
        for ticket in tickets:
            now = self.client.get(f"/api/v1/chat/tickets/{ticket}").json()
            text = now["answer"]["content"] if now["answer"] else ""
            answers[ticket] = {"state": now["state"], "attempt": now["attempt"], "text": text}
        return answers


Meet = Callable[[str], Person]


@pytest.fixture
def meet(running: System) -> Iterator[Meet]:
    """Somebody of this name."""
    with contextlib.ExitStack() as stack:

        def met(name: str) -> Person:
            return Person(running, stack.enter_context(running.client(f"{name}@example.org")))

        yield met


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Path | None:
    folder: Path | None = request.config.getoption("--record")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


SEEN: set[str] = set()
"""Types of the frames that came, over all tests of this file."""


def keep(person: Person, record: Path | None, name: str, what: str, *tickets: str) -> None:
    SEEN.update(step["heard"]["type"] for step in person.tape.steps if "heard" in step)
    if record is not None:
        person.tape.write(record / f"{name}.json", what, person.ends(*tickets))


async def test_waiting_editing_and_stopping(meet: Meet, record: Path | None) -> None:
    person = meet("waits")
    async with person.socket() as socket:
        first, second = await socket.ask(STALLS, "m1"), await socket.ask(STALLS, "m2")
        for ticket in (first, second):
            await socket.until(lambda ticket=ticket: "processing" in socket.tickets[ticket].kinds)
        other = meet("waits-too")
        async with other.socket() as behind:
            ahead, last = await behind.ask(STALLS, "m1"), await behind.ask('{"say": "at last 🎟"}', "m2")
            await behind.until(lambda: behind.tickets[last].positions[-1:] == [1])
            third = await socket.ask('{"say": "first thought"}', "m3")
            await socket.until(lambda: "held" in socket.tickets[third].kinds)
            await socket.send(type="edit", ticket_id=third, content='{"say": "second thought 🎟"}')
            await socket.until(lambda: any(frame["type"] == "edited" for frame in socket.other))
            await socket.send(type="cancel", ticket_id=first)
            await behind.until(lambda: "position" in behind.tickets[last].kinds)
            await socket.send(type="cancel", ticket_id=second)
            await behind.send(type="cancel", ticket_id=ahead)
            await socket.ended(first, second, third)
            await behind.ended(ahead, last)
        await socket.send(type="ping", id=7)
        await socket.until(lambda: {"type": "pong", "id": 7} in socket.other)
    assert socket.tickets[third].text == "second thought 🎟"
    keep(person, record, "waiting", "two are stopped, one waits for them and is edited meanwhile", first, second, third)
    keep(other, record, "in_line", "one is stopped, the other waits behind it", ahead, last)


async def test_cuts_and_resumes(meet: Meet, record: Path | None) -> None:
    person = meet("cut")
    cuts = random.Random(1)
    async with person.socket() as socket:
        ticket = await socket.ask(LONG, "m1")
    for _ in range(4):
        async with person.socket(former=socket) as socket:
            await socket.resume(ticket, socket.tickets[ticket])
            length = len(socket.tickets[ticket].text) + cuts.randint(0, 200)
            await socket.until(lambda length=length: len(socket.tickets[ticket].text) >= length)
    async with person.socket(former=socket) as socket:
        await socket.resume(ticket, socket.tickets[ticket])
        await socket.ended(ticket)
    assert socket.tickets[ticket].text == json.loads(LONG)["say"]
    keep(person, record, "resumed", "five connections to one answer", ticket)


async def test_attempts_that_fail_and_two_tabs(meet: Meet, record: Path | None) -> None:
    person, tab = meet("fails"), meet("fails")
    async with person.socket() as socket, tab.socket() as other:
        again = await socket.ask(
            '{"say": "there and back 🎟 again", "per_second": 50, "then": "cut", "faults": 1}', "m1"
        )
        refused = await socket.ask('{"status": 400}', "m2")
        await socket.ended(again, refused)
        await other.until(lambda: {again, refused} <= other.tickets.keys())
        await other.ended(again, refused)
    assert "restarted" in socket.tickets[again].kinds
    assert other.tickets[again].text == socket.tickets[again].text == "there and back 🎟 again"
    keep(
        person, record, "restarted", "an attempt that breaks off, and a question that the model refuses", again, refused
    )
    keep(tab, record, "other_tab", "the same as seen from another tab", again, refused)


async def test_a_question_about_a_file(meet: Meet, record: Path | None) -> None:
    person = meet("reads")
    async with person.socket() as socket:
        file = person.client.post("/api/v1/attachments", files={"file": ("facts.txt", FACTS)}).json()
        ticket = await socket.ask("How high is the lighthouse of Port Ellen?", "m1", attachment_ids=[file["id"]])
        await socket.ended(ticket)
        await socket.until(lambda: states(socket.other)[-1:] == ["indexed"])
    [answer] = [frame["message"] for frame in socket.tickets[ticket].frames if frame["type"] == "complete"]
    conversation = answer["conversation_id"]
    found = person.client.post(f"/api/v1/chat/conversations/{conversation}/query", json={"query": "lighthouse"})
    assert found.json()["items"][0]["source"]["attachment_id"] == file["id"]
    keep(person, record, "file", "a file is read, then asked about", ticket)


def states(frames: list[Frame]) -> list[str]:
    return [frame["attachment"]["state"] for frame in frames if frame["type"] == "attachment"]


async def test_an_answer_that_uses_tools(meet: Meet, record: Path | None) -> None:
    """A3, A4, R6: what it looked up is told as it happens, from another connection too, and stands in the message."""
    person = meet("looks")
    async with person.socket() as socket:
        file = person.client.post("/api/v1/attachments", files={"file": ("facts.txt", FACTS)}).json()
        ticket = await socket.ask(LOOKS, "m1", attachment_ids=[file["id"]])
        await socket.until(lambda: {"tool_call", "delta"} <= set(socket.tickets[ticket].kinds))
    async with person.socket(former=socket) as socket:
        await socket.resume(ticket, socket.tickets[ticket])
        await socket.ended(ticket)
    seen = socket.tickets[ticket]
    assert seen.text == "Let me look.\n\nIt is 24 m high [1] 🎟."
    [answer] = [frame["message"] for frame in seen.frames if frame["type"] == "complete"]
    [found, refused] = answer["tool_calls"]
    assert (found["name"], found["arguments"]) == ("search_files", '{"query": "lighthouse"}')
    assert (found["outcome"]["status"], found["outcome"]["summary"]) == ("completed", "1 passage")
    assert (refused["outcome"]["status"], "not a JSON object" in refused["outcome"]["summary"]) == ("failed", True)
    assert [citation["name"] for citation in answer["citations"]] == ["facts.txt"]
    stored = person.client.get(f"/api/v1/chat/conversations/{answer['conversation_id']}/messages").json()["items"]
    assert stored[-1]["tool_calls"] == answer["tool_calls"]
    keep(person, record, "tools", "an answer that looks things up, over two connections", ticket)


async def test_what_is_refused_and_what_cannot_be_continued(meet: Meet, record: Path | None) -> None:
    person = meet("errs")
    async with person.socket() as socket:
        ticket = await socket.ask('{"say": "short"}', "m1")
        await socket.ended(ticket)
        await socket.socket.send("{")
        await socket.send(type="later")
        await socket.send(type="send", client_message_id="m2", content="Hi", more=1)
        await socket.send(type="send", client_message_id="m3", content="  ")
        await socket.send(type="cancel", ticket_id="nobody's")
        await socket.until(lambda: len(codes(socket.other)) == 5)
        socket.tickets[ticket] = Seen()
        await socket.send(type="resume", ticket_id=ticket, attempt=1, offset=999)
        await socket.ended(ticket)
        conversation = socket.tickets[ticket].frames[-1]["message"]["conversation_id"]
        assert "snapshot" in socket.tickets[ticket].kinds
    assert codes(socket.other) == ["malformed_frame", "unknown_frame", "malformed_frame", "bad_request", "not_found"]
    async with person.socket(path=f"/ws/chat/{conversation}") as only:
        await only.send(type="send", client_message_id="m4", content="Hi", conversation_id=ticket)
        await only.until(lambda: codes(only.other) == ["bad_request"])
        follow_up = await only.ask('{"say": "here"}', "m5")
        await only.ended(follow_up)
    keep(person, record, "refused", "frames that are refused, and text that no answer has", ticket, follow_up)


async def test_tabs_know_of_each_other(meet: Meet, record: Path | None) -> None:
    """A question is written, answered, read and rated in one tab; another one sees it happen."""
    person, tab = meet("shows"), meet("shows")
    async with person.socket() as socket, tab.socket() as other:
        ticket = await socket.ask('{"say": "well said"}', "m1")
        await socket.ended(ticket)
        [answer] = [frame["message"] for frame in socket.tickets[ticket].frames if frame["type"] == "complete"]
        conversation, rate = answer["conversation_id"], f"/api/v1/chat/messages/{answer['id']}/feedback"
        assert "context" not in answer
        await socket.send(type="typing", conversation_id=conversation)
        await other.until(lambda: {"type": "typed", "conversation_id": conversation} in other.other)
        await socket.send(type="read", conversation_id=conversation, seq=answer["seq"])
        await other.until(lambda: _read(other.other) == answer["seq"] == _read(other.other, "answer_seq"))
        person.client.put(rate, json={"rating": "down", "reasons": ["style"], "comment": "Is it?"})
        person.client.delete(rate)
        await other.until(lambda: [frame["type"] for frame in other.other].count("feedback") == 2)
        await other.until(lambda: ticket in other.tickets)
        await other.ended(ticket)
    assert not any(frame["type"] == "typed" for frame in socket.other)
    keep(person, record, "rating", "a question is answered, read and rated", ticket)
    keep(tab, record, "rated_elsewhere", "the same as seen from another tab", ticket)


def _read(frames: list[Frame], field: str = "read_seq") -> int | None:
    told = [frame["conversation"][field] for frame in frames if frame["type"] == "conversation"]
    return told[-1] if told else None


def codes(frames: list[Frame]) -> list[str]:
    return [frame["error"]["code"] for frame in frames if frame["type"] == "error"]


def test_every_kind_of_frame_came() -> None:
    told = {message["$ref"].rpartition("/")[2] for message in sockets()["operations"]["chat.tell"]["messages"]}
    assert told == SEEN


def test_the_served_document_is_the_one_that_was_checked(running: System) -> None:
    served = httpx2.get(f"{running.url()}/asyncapi.json", timeout=10)
    assert served.headers["content-type"] == "application/json"
    assert served.content == to_json(asyncapi())
    assert httpx2.get(f"{running.url()}/openapi.json", timeout=10).json() == rest()["Tokenline"].document


def test_an_event_stream_and_where_it_goes_on(running: System) -> None:
    with running.client("streams@example.org") as client:
        ticket = client.post("/api/v1/chat/messages", json={"content": STREAMS}).json()["ticket"]
        path = f"/api/v1/chat/tickets/{ticket['id']}/stream"
        with client.stream("GET", path) as stream:
            frames = check_events("".join(stream.iter_text()))
        assert "".join(frame["text"] for frame in frames if frame["type"] == "delta") == SAID
        with client.stream("GET", path, headers={"last-event-id": f"1:{len(SAID) - 5}"}) as stream:
            frames = check_events("".join(stream.iter_text()))
        assert "".join(frame["text"] for frame in frames if frame["type"] == "delta") == SAID[-5:]
        assert frames[-1]["type"] == "complete"
