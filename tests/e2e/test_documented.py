"""One long conversation with the running services, all of it held against the documents that they serve.

`Chat` gives every frame to the checker and `System.client` every answer; here it is seen to that all there is comes up.
With ``--record FOLDER`` (``make recordings``) what the sockets said is written down for the TypeScript client's tests.
"""

import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect

from deploy.local.rabbitmq import NodeHandle
from tests.support.chat import Frame, Seen
from tests.support.documented import check_events, checking, rest, sockets
from tests.support.system import ADMIN, System, shared_system
from tests.support.tape import Tape, Taped
from tokenline.contracts.base import to_json
from tokenline.runtime.documents.asyncapi import asyncapi

FACTS = b"The lighthouse of Port Ellen was built in 1832 and is 24 metres high.\n"
STALLS = '{"say": "wait for it, and then for more of it", "per_second": 0.1}'
SAID = "one two three four five six seven"
STREAMS = json.dumps({"say": SAID, "per_second": 20})
BREAKS_OFF = '{"say": "there and back 🎟 again", "per_second": 50, "then": "cut", "faults": 1}'
LONG = json.dumps({"say": " ".join(f"{number}·🎟" for number in range(400)), "per_second": 400})
ELSEWHERE = {"exchange"}
"""Calls that cannot succeed here: there is no provider to sign in at."""
RESERVED = {"tool_call"}
"""Frames that this version does not send."""


@pytest.fixture(scope="module")
def running(broker_node: NodeHandle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with shared_system(broker_node, tmp_path_factory.mktemp("documented")) as system:
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
    assert told - SEEN == RESERVED


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


def test_every_call_of_the_gateway_answers_as_its_document_says(running: System) -> None:
    calls = rest()["Tokenline"]
    calls.answered.clear()
    with (
        httpx2.Client(base_url=running.url(), timeout=30, event_hooks=checking()) as anybody,
        running.client("calls@example.org") as client,
    ):
        credentials = {"email": "other@example.org", "password": "a long password"}
        tokens = anybody.post("/api/v1/auth/register", json=credentials).json()
        assert anybody.post("/api/v1/auth/register", json=credentials).status_code == 409
        assert anybody.post("/api/v1/auth/login", json=credentials | {"password": "wrong one"}).status_code == 401
        assert anybody.post("/api/v1/auth/login", json=credentials | {"more": 1}).status_code == 422
        anybody.post("/api/v1/auth/login", json=credentials)
        fresh = anybody.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).json()
        anybody.post("/api/v1/auth/logout", json={"refresh_token": fresh["refresh_token"]})
        for path in ("/healthz", "/readyz", "/metrics"):
            assert anybody.get(path).status_code == 200
        assert anybody.get("/api/v1/me").status_code == 401
        _account(client)
        _chat(client)
        _files(client)
        _openai(client)
        _webhooks(client)
        _in_and_out(client)
        _gone(client)
    assert calls.operations() - calls.answered == ELSEWHERE


def _gone(client: httpx2.Client) -> None:
    """Sign-ins, the password, and then the account itself."""
    own, password = "/api/v1/me", {"password": "a long password"}
    assert client.get("/api/v1/auth/methods").status_code == 200
    client.post("/api/v1/auth/login", json={"email": "calls@example.org", **password})
    others = [one["id"] for one in client.get(f"{own}/sign-ins").json()["items"] if not one["current"]]
    assert client.delete(f"{own}/sign-ins/{others[0]}").status_code == 204
    assert client.delete(f"{own}/sign-ins/{others[0]}").status_code == 404
    assert client.post(f"{own}/password", json={**password, "new_password": "another long one"}).is_success
    assert client.delete(f"{own}/sign-ins").is_success
    tokens = client.post("/api/v1/auth/login", json={"email": "calls@example.org", "password": "another long one"})
    client.headers["authorization"] = f"Bearer {tokens.json()['access_token']}"
    assert client.request("DELETE", own, json={"password": "another long one"}).is_success


def _in_and_out(client: httpx2.Client) -> None:
    """Branches, copies, search, and what leaves and comes back."""
    asked = client.post("/api/v1/chat/messages", json={"content": '{"say": "here"}', "wait": True}).json()
    place = f"/api/v1/chat/conversations/{asked['message']['conversation_id']}"
    answer = asked["ticket"]["answer"]["id"]
    again = client.post(f"/api/v1/chat/messages/{answer}/retry").json()["ticket"]["id"]
    with client.stream("GET", f"/api/v1/chat/tickets/{again}/stream") as stream:
        check_events("".join(stream.iter_text()))
    assert client.post(f"/api/v1/chat/tickets/{again}/retry").is_success
    assert client.put(f"{place}/path", json={"message_id": answer}).status_code == 200
    assert client.post(f"{place}/copy", json={}).is_success
    assert client.get("/api/v1/chat/search", params={"q": "here"}).status_code == 200
    assert client.get(f"{place}/export", params={"format": "json"}).status_code == 200
    everything = client.get("/api/v1/chat/export")
    assert client.post("/api/v1/chat/import", content=everything.content).is_success


def _account(client: httpx2.Client) -> None:
    for path in ("me", "me/limits", "agents", "queue/status", "api-keys"):
        assert client.get(f"/api/v1/{path}").status_code == 200
    client.post("/api/v1/auth/ws-ticket")
    key = client.post("/api/v1/api-keys", json={"name": "one"}).json()
    keyed = {"authorization": f"Bearer {key['key']}"}
    assert client.post("/api/v1/api-keys", json={"name": "two"}, headers=keyed).status_code == 403
    assert client.delete(f"/api/v1/api-keys/{key['id']}").status_code == 204
    assert client.delete(f"/api/v1/api-keys/{key['id']}").status_code == 404


def _webhooks(client: httpx2.Client) -> None:
    hooks = "/api/v1/webhooks"
    hook = client.post(hooks, json={"url": "https://127.0.0.1:9/told"}).json()["id"]
    assert client.post(hooks, json={"url": "http://"}).status_code == 400
    asked = {"content": '{"say": "a"}', "webhook_id": hook, "wait": True}
    ticket = client.post("/api/v1/chat/messages", json=asked).json()["ticket"]["id"]
    assert client.get(hooks).json()["items"][0]["id"] == hook
    assert client.get(f"{hooks}/{hook}").status_code == 200
    # Into a private network: refused, and not under way while it is asked for again.
    delivery = client.get(f"{hooks}/{hook}/deliveries").json()["items"][0]
    while delivery["attempts"] == 0:
        time.sleep(0.05)
        delivery = client.get(f"{hooks}/{hook}/deliveries").json()["items"][0]
    assert delivery["ticket_id"] == ticket
    assert client.post(f"{hooks}/{hook}/deliveries/{ticket}/retry").status_code == 202
    assert client.post(f"{hooks}/{hook}/rotate").status_code == 200
    assert client.delete(f"{hooks}/{hook}").status_code == 204
    assert client.get(f"{hooks}/{hook}").status_code == 404


def _chat(client: httpx2.Client) -> None:
    conversations = "/api/v1/chat/conversations"
    own = client.post(conversations, json={"title": "Mine"}).json()["id"]
    asked = client.post(f"{conversations}/{own}/messages", json={"content": STALLS}).json()
    ticket = f"/api/v1/chat/tickets/{asked['ticket']['id']}"
    assert client.delete(f"{conversations}/{own}").status_code == 409
    behind = client.post(f"{conversations}/{own}/messages", json={"content": '{"say": "a"}'}).json()["ticket"]["id"]
    assert client.patch(f"/api/v1/chat/tickets/{behind}", json={"content": '{"say": "b"}'}).status_code == 200
    assert client.get(ticket).status_code == 200
    assert client.post(f"{ticket}/cancel").status_code == 200
    with client.stream("GET", f"/api/v1/chat/tickets/{behind}/stream") as stream:
        check_events("".join(stream.iter_text()))
    assert client.patch(ticket, json={"content": "too late"}).status_code == 409
    assert client.post("/api/v1/chat/messages", json={"content": '{"say": "at once"}', "wait": True}).status_code == 200
    assert client.post("/api/v1/chat/messages", json={"content": " "}).status_code == 400
    assert client.post("/api/v1/chat/messages", json={"content": "x" * 200_000}).status_code == 413
    assert client.post("/api/v1/chat/messages", json={}).status_code == 422
    assert client.patch(f"{conversations}/{own}", json={"title": "Ours"}).json()["title"] == "Ours"
    assert client.patch(f"{conversations}/{own}", json={"title": "\u200b"}).status_code == 400
    [*_, answer] = client.get(f"{conversations}/{own}/messages").json()["items"]
    assert client.put(f"{conversations}/{own}/read", json={"seq": answer["seq"]}).json()["read_seq"] == answer["seq"]
    rate = f"/api/v1/chat/messages/{answer['id']}/feedback"
    assert client.put(rate, json={"rating": "up"}).json()["rating"] == "up"
    assert client.put(rate, json={"rating": "maybe"}).status_code == 422
    question = asked["message"]["id"]
    assert client.put(f"/api/v1/chat/messages/{question}/feedback", json={"rating": "up"}).status_code == 400
    assert client.delete(rate).status_code == 204
    assert client.get(conversations, params={"q": "Ours"}).json()["items"][0]["id"] == own
    assert client.get(conversations, params={"cursor": "not ours"}).status_code == 400
    assert client.get(f"{conversations}/{own}/messages").status_code == 200
    assert client.get(f"{conversations}/{own}").status_code == 200
    assert client.post(f"{conversations}/{own}/query", json={"query": "anything"}).status_code == 200
    assert client.delete(f"{conversations}/{own}").status_code == 204
    assert client.get(f"{conversations}/{own}").status_code == 404
    assert client.get("/api/v1/nowhere").status_code == 404


def _files(client: httpx2.Client) -> None:
    stored = client.post("/api/v1/attachments", files={"file": ("facts.txt", FACTS)}).json()
    path = f"/api/v1/attachments/{stored['id']}"
    assert client.get(f"{path}/content").content == FACTS
    assert client.get(path).status_code == 200
    assert client.post("/api/v1/attachments", files={"file": ("a.bin", b"\x7fELF\0\0")}).status_code == 415
    assert client.post("/api/v1/attachments").status_code == 422
    assert client.delete(path).status_code == 204


def _openai(client: httpx2.Client) -> None:
    assert client.get("/v1/models").status_code == 200
    assert client.get("/v1/models/assistant").status_code == 200
    assert client.get("/v1/models/nobody").status_code == 404
    body = {"model": "assistant", "messages": [{"role": "user", "content": '{"say": "hello"}'}]}
    assert client.post("/v1/chat/completions", json=body).status_code == 200


def test_every_view_of_the_dashboard_answers_as_its_document_says(running: System) -> None:
    running.admin()
    token = running.sign_in(*ADMIN)["access_token"]
    with httpx2.Client(
        base_url=running.url("admin"),
        headers={"authorization": f"Bearer {token}"},
        timeout=30,
        event_hooks=checking("Tokenline admin"),
    ) as client:
        for view in ("line", "pools", "workers", "history", "truth", "dead-letters", "audit", "feedback"):
            assert client.get(f"/api/v1/admin/{view}").status_code == 200, view
        assert client.post("/api/v1/admin/pools/default/pause").json()["outcome"] == "done"
        assert client.post("/api/v1/admin/pools/default/resume").json()["outcome"] == "done"
        assert client.post("/api/v1/admin/tickets/nobodys/cancel").status_code == 404
        assert client.get("/api/v1/admin/line", params={"cursor": "not ours"}).status_code == 400
