"""What one socket still has to be sent, in bounded memory: a set of tickets with news, and a few notices."""

import asyncio
from collections.abc import Awaitable, Callable

from services.gateway.live import Follower, LiveTicket
from tokenline.contracts.base import to_json
from tokenline.contracts.frames import ServerFrame

MAX_NOTICES = 1000


class TooSlow(Exception):
    """The client does not take enough. One that takes nothing is dropped by `runtime.connections`."""


class Outbox:
    """One writer per socket. News of a ticket is not queued but looked up when the socket can take it.

    There are as many as sockets, and most have nothing to do: an empty deque and an `asyncio.Event` would take 1.4 KiB.
    """

    __slots__ = ("_idle", "_look_up", "_news", "_notices", "_send", "_waiter", "_write")

    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        look_up: Callable[[str], LiveTicket | None],
        write: Callable[[bytes], bool] | None = None,
    ) -> None:
        """``write`` sends a frame at once or says that it cannot: text that finds the socket free goes this way, past
        the task that writes all else."""
        self._send = send
        self._look_up = look_up
        self._write = write
        self._idle = False
        """All that was due is with the socket."""
        self._notices: list[str] = []
        self._news: dict[Follower, None] = {}
        self._waiter: asyncio.Future[None] | None = None

    def notice(self, frame: ServerFrame) -> None:
        """Queue a frame that is about no ticket's state. Raises `TooSlow` when `MAX_NOTICES` are waiting."""
        if len(self._notices) >= MAX_NOTICES:
            raise TooSlow
        self._notices.append(to_json(frame).decode())
        self._wake_writer()

    def wake(self, follower: Follower) -> None:
        """There may be news for this follower."""
        if self._idle and self._write is not None and self._sent(follower, self._write):
            return
        self._news[follower] = None
        self._wake_writer()

    async def run(self, ended: Callable[[Follower], None]) -> None:
        """Send for ever; ``ended`` is told of each follower that got its terminal frame."""
        loop = asyncio.get_running_loop()
        while True:
            if not self._notices and not self._news:
                self._waiter = loop.create_future()
                self._idle = True
                await self._waiter
            while self._notices or self._news:
                while self._notices:
                    await self._send(self._notices.pop(0))
                if self._news:
                    follower = next(iter(self._news))
                    del self._news[follower]
                    await self._tell(follower)
                    if follower.cursor.done:
                        ended(follower)

    def _wake_writer(self) -> None:
        self._idle = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _sent(self, follower: Follower, write: Callable[[bytes], bool]) -> bool:
        """Whether text was all that was due, and went."""
        live = self._look_up(follower.ticket_id)
        if live is None or follower not in live.followers:
            return False
        frame = live.fresh(follower.cursor)
        if frame is None or not write(frame):
            return False
        follower.cursor.offset = live.text.length
        return True

    async def _tell(self, follower: Follower) -> None:
        live = self._look_up(follower.ticket_id)
        if live is None:
            return
        for frame in live.beyond(follower.cursor):
            if follower not in live.followers:
                # It left, now or while an earlier frame was sent: its ticket may have another follower here already.
                return
            await self._send(frame if isinstance(frame, str) else to_json(frame).decode())
