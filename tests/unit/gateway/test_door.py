"""What ends an open socket: its client, whoever takes back its rights, what cannot be written, or the process."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import WebSocketDisconnect

from services.gateway.deps import Deps
from services.gateway.ws.hub import Hub
from services.gateway.ws.outbox import Outbox
from services.gateway.ws.routes import Door
from services.gateway.ws.session import Session
from tokenline.contracts.errors import NotSignedIn
from tokenline.contracts.frames import Pong
from tokenline.core.clock import ManualClock


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
    return door, outbox, asyncio.create_task(door._until_ended(session, outbox))


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
    _, outbox, serving = opened(client)
    client.says.put_nowait({"type": "websocket.disconnect", "code": 1001})
    with pytest.raises(WebSocketDisconnect):
        await serving
    outbox.notice(Pong(id=1))
    assert outbox._writing is None


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
