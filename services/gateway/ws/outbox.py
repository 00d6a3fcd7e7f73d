"""What one socket still has to be sent, in bounded memory: a set of tickets with news, and a few notices."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from services.gateway.live import Follower, LiveTicket
from tokenline.contracts.base import to_json
from tokenline.contracts.frames import ServerFrame
from tokenline.runtime import sockets

MAX_NOTICES = 1000


class TooSlow(Exception):
    """The client takes nothing, or not enough."""


class Outbox:
    """One writer per socket. News of a ticket is not queued but looked up when the socket can take it."""

    def __init__(self, send: Callable[[str], Awaitable[None]], look_up: Callable[[str], LiveTicket | None]) -> None:
        self._send = send
        self._look_up = look_up
        self._notices: deque[str] = deque()
        self._news: dict[Follower, None] = {}
        self._woken = asyncio.Event()
        self._writing = False
        self._written = 0

    def notice(self, frame: ServerFrame) -> None:
        """Queue a frame that is about no ticket's state. Raises `TooSlow` when `MAX_NOTICES` are waiting."""
        if len(self._notices) >= MAX_NOTICES:
            raise TooSlow
        self._notices.append(to_json(frame).decode())
        self._woken.set()

    def wake(self, follower: Follower) -> None:
        """There may be news for this follower."""
        self._news[follower] = None
        self._woken.set()

    async def run(self, ended: Callable[[Follower], None]) -> None:
        """Send for ever; ``ended`` is told of each follower that got its terminal frame."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._notices or self._news:
                while self._notices:
                    await self._write(self._notices.popleft())
                if self._news:
                    follower = next(iter(self._news))
                    del self._news[follower]
                    await self._tell(follower)
                    if follower.cursor.done:
                        ended(follower)

    async def _tell(self, follower: Follower) -> None:
        live = self._look_up(follower.ticket_id)
        if live is None:
            return
        for frame in live.beyond(follower.cursor):
            await self._write(frame if isinstance(frame, str) else to_json(frame).decode())

    async def watch(self) -> None:
        """Raise `TooSlow` when one frame has taken longer than `SEND_S`: a look now and then, not a timer per frame."""
        stuck_on = -1
        while True:
            stuck_on = self._written if self._writing else -1
            await asyncio.sleep(sockets.SEND_S)
            if self._writing and self._written == stuck_on:
                raise TooSlow

    async def _write(self, text: str) -> None:
        self._writing = True
        await self._send(text)
        self._writing = False
        self._written += 1
