"""What ends an open socket: its client, whoever takes back its rights, what cannot be written, or the process."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import WebSocket, WebSocketDisconnect

from services.gateway.deps import Deps
from services.gateway.ws.hub import Hub
from services.gateway.ws.outbox import Outbox
from services.gateway.ws.routes import Door
from services.gateway.ws.session import Session
from tokenline.contracts.accounts import Role
from tokenline.contracts.errors import NotSignedIn
from tokenline.contracts.frames import Pong
from tokenline.core.clock import ManualClock
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.supervisor import Supervisor


class Client:
    def __init__(self) -> None:
        self.says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def receive(self) -> dict[str, Any]:
        return await self.says.get()

    async def send_text(self, _: str) -> None:
        raise WebSocketDisconnect(1006)


def opened(client: Client) -> tuple[Door, Outbox, "asyncio.Task[None]"]:
    deps = cast(Deps, SimpleNamespace(clock=ManualClock()))
    door = Door(cast(Any, client), deps, cast(Hub, None), None)
    outbox = Outbox(client.send_text, lambda _: None)
    session = cast(Session, SimpleNamespace(ended=lambda _: None))
    outbox.start(session.ended, door._end)
    return door, outbox, asyncio.create_task(door._until_ended(session))


async def test_what_ends_it_from_outside_is_raised_and_leaves_no_cancellation() -> None:
    door, _, serving = opened(Client())
    await asyncio.sleep(0)
    door._end(NotSignedIn("taken back"))
    door._end(NotSignedIn("once more"))
    with pytest.raises(NotSignedIn, match="taken back"):
        await serving
    assert serving.cancelling() == 0


async def test_what_ended_it_before_it_was_read_ends_it_at_once() -> None:
    door, _, serving = opened(Client())
    door._end(NotSignedIn("taken back"))
    with pytest.raises(NotSignedIn):
        await serving


async def test_a_client_that_leaves_ends_it() -> None:
    client = Client()
    _, _, serving = opened(client)
    client.says.put_nowait({"type": "websocket.disconnect", "code": 1001})
    with pytest.raises(WebSocketDisconnect):
        await serving


async def test_what_cannot_be_written_ends_it() -> None:
    _, outbox, serving = opened(Client())
    await asyncio.sleep(0)
    outbox.notice(Pong(id=1))
    with pytest.raises(WebSocketDisconnect):
        await serving


async def test_the_end_of_the_process_stays_a_cancellation() -> None:
    door, _, serving = opened(Client())
    await asyncio.sleep(0)
    door._end(NotSignedIn("taken back"))
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


class Accounts:
    async def authenticate(self, key: str) -> Principal:
        return Principal(
            user_id="u", email="", role=Role.USER, tier=4, via="api_key", credential_id=key, expires_at=None
        )


async def test_an_idle_socket_keeps_nothing_of_its_handshake_and_a_closed_one_nothing_at_all() -> None:
    said: asyncio.Queue[Any] = asyncio.Queue()
    heard: list[Any] = []
    headers = [(b"authorization", b"Bearer tl_key"), (b"cookie", b"x" * 1000)]
    scope = {"type": "websocket", "headers": headers, "query_string": b"", "client": ("192.0.2.1", 1)}

    async def send(message: Any) -> None:
        heard.append(message)

    watched: set[Any] = set()
    async with Supervisor() as supervisor:
        hub = Hub(supervisor)
        deps = SimpleNamespace(
            clock=ManualClock(),
            accounts=Accounts(),
            streams=SimpleNamespace(live={}),
            feed=SimpleNamespace(ledger=SimpleNamespace(of_owner=lambda _: [])),
            revocations=SimpleNamespace(watch=watched.add, leave=watched.discard),
        )
        socket = WebSocket(scope, said.get, send)
        said.put_nowait({"type": "websocket.connect"})
        await socket.accept()
        serving = asyncio.create_task(Door(socket, cast(Deps, deps), hub, None).serve())
        while not watched:  # noqa: ASYNC110 - a door tells nobody
            await asyncio.sleep(0)
        (session,) = watched
        assert session.principal.address == "192.0.2.1"
        assert scope == {}
        assert socket.headers.raw == []
        said.put_nowait({"type": "websocket.receive", "text": json.dumps({"type": "ping", "id": 7})})
        while len(heard) < 3:  # noqa: ASYNC110 - what is written tells nobody
            await asyncio.sleep(0)
        said.put_nowait({"type": "websocket.disconnect", "code": 1001})
        with pytest.raises(WebSocketDisconnect):
            await serving
        session.notice(Pong(id=8))
        await asyncio.sleep(0)
    assert [json.loads(message["text"])["type"] for message in heard[1:]] == ["ready", "pong"]
    assert json.loads(heard[-1]["text"])["id"] == 7
    assert watched == set()
    assert hub._sessions == {}
