"""A socket whose client takes its time, or nothing at all."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from services.admin_dashboard.pictures import Newest, Picture
from services.admin_dashboard.ws import Session, TooSlow
from tokenline.contracts.accounts import Role
from tokenline.core.clock import ManualClock
from tokenline.runtime import sockets
from tokenline.runtime.auth.principal import Principal

ROOT = Principal(
    user_id="root",
    email="root@example.org",
    role=Role.ADMIN,
    tier=4,
    via="password",
    credential_id="sign-in",
    expires_at=None,
)


class SlowSocket:
    """Takes a frame only when ``gate`` is open; says when it is being sent one."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.last = asyncio.Queue[str]()
        self.gate = asyncio.Event()
        self.offered = asyncio.Event()

    async def send_text(self, text: str) -> None:
        self.offered.set()
        await self.gate.wait()
        self.taken.append(text)
        self.last.put_nowait(text)

    async def has_taken(self, text: str) -> None:
        while await self.last.get() != text:
            pass

    async def receive(self) -> Any:
        await asyncio.Future()


def session_on(socket: Any) -> tuple[Session, Newest[Picture]]:
    newest: Newest[Picture] = Newest()
    pictures = SimpleNamespace(newest=newest, enter=lambda: None, leave=lambda: None)
    revocations = SimpleNamespace(watch=lambda _: None, leave=lambda _: None)
    deps: Any = SimpleNamespace(pictures=pictures, clock=ManualClock(), revocations=revocations)
    return Session(socket, deps, ROOT), newest


async def test_a_slow_screen_skips_to_the_newest_picture():
    socket = SlowSocket()
    socket.gate.set()
    session, newest = session_on(socket)
    newest.put(Picture("board 1", "line 1"))
    running = asyncio.ensure_future(session.run())
    await socket.has_taken("line 1")
    assert json.loads(socket.taken[0])["type"] == "ready"
    assert socket.taken[1:] == ["board 1", "line 1"]

    socket.gate.clear()
    socket.offered.clear()
    line = "line 2"
    newest.put(Picture("board 2", line))
    await socket.offered.wait()
    for number in (3, 4, 5):
        newest.put(Picture(f"board {number}", line))
    socket.gate.set()
    await socket.has_taken("board 5")
    assert socket.taken[3:] == ["board 2", "line 2", "board 5"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_screen_that_takes_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(sockets, "SEND_S", 0.01)
    session, _ = session_on(SlowSocket())
    with pytest.raises(TooSlow):
        await session.run()
