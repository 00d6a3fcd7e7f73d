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
    """One writer per socket, as long as it has something to do. News of a ticket is not queued but looked up when the
    socket can take it.

    There are as many as sockets, and most have nothing to do: a task that waits would take 2 KiB.
    """

    __slots__ = ("_ended", "_failed", "_look_up", "_news", "_notices", "_send", "_write", "_writing")

    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        look_up: Callable[[str], LiveTicket | None],
        write: Callable[[bytes], bool] | None = None,
    ) -> None:
        """``write`` sends a frame (JSON) at once or says that it cannot: then ``send`` waits until it can. What finds
        the socket free goes past the layers of the framework and needs no task."""
        self._send = send
        self._look_up = look_up
        self._write = write
        self._ended: Callable[[Follower], None] | None = None
        """``None``: not started, or over."""
        self._failed: Callable[[Exception], None] | None = None
        self._notices: list[bytes] = []
        self._news: dict[Follower, None] = {}
        self._writing: asyncio.Task[None] | None = None
        """``None``: all that was due is with the socket."""

    def start(self, ended: Callable[[Follower], None], failed: Callable[[Exception], None]) -> None:
        """Send from here on; ``ended`` is told of each follower that got its terminal frame, ``failed`` why nothing is
        sent any more.
        """
        self._ended, self._failed = ended, failed
        self._see_to_it()

    async def stop(self) -> None:
        """Leave what is unsent."""
        self._ended = None
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])

    def notice(self, frame: ServerFrame) -> None:
        """Queue a frame that is about no ticket's state. Raises `TooSlow` when `MAX_NOTICES` are waiting."""
        if len(self._notices) >= MAX_NOTICES:
            raise TooSlow
        notice = to_json(frame)
        if self._idle and self._write is not None and self._write(notice):
            return
        self._notices.append(notice)
        self._see_to_it()

    def wake(self, follower: Follower) -> None:
        """There may be news for this follower. What is sent at once may be its end: ``ended`` is told before this
        returns."""
        if (ended := self._ended) is not None and self._writing is None and self._write is not None:
            try:
                if self._sent(follower, self._write):
                    if follower.cursor.done:
                        ended(follower)
                    return
            except Exception as error:
                # This socket's trouble alone: whoever woke it has others to wake.
                self._fail(error)
                return
        self._news[follower] = None
        self._see_to_it()

    @property
    def _idle(self) -> bool:
        """Nothing waits that something else could overtake."""
        return self._writing is None and self._ended is not None

    def _see_to_it(self) -> None:
        if self._writing is None and self._ended is not None and (self._notices or self._news):
            self._writing = asyncio.create_task(self._write_all(self._ended), name="socket.write")
            self._writing.add_done_callback(self._written)

    async def _write_all(self, ended: Callable[[Follower], None]) -> None:
        try:
            while self._notices or self._news:
                while self._notices:
                    await self._put(self._notices.pop(0))
                if self._news:
                    follower = next(iter(self._news))
                    del self._news[follower]
                    await self._tell(follower)
                    if follower.cursor.done:
                        ended(follower)
        except BaseException:
            self._ended = None
            raise
        finally:
            # Not when the task is seen to be done: what is due in between would wait for the next one.
            self._writing = None

    def _written(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, Exception):
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._ended = None
        if self._failed is not None:
            self._failed(error)

    def _sent(self, follower: Follower, write: Callable[[bytes], bool]) -> bool:
        """Whether all that was due went; a frame that did not waits before all others, the rest is with the cursor."""
        live = self._look_up(follower.ticket_id)
        if live is None or follower not in live.followers:
            return True
        if (text := live.fresh(follower.cursor)) is not None:
            if write(text):
                follower.cursor.offset = live.text.length
                return True
            return False
        for frame in live.beyond(follower.cursor):
            encoded = _encoded(frame)
            if not write(encoded):
                self._notices.append(encoded)
                return False
        return True

    async def _tell(self, follower: Follower) -> None:
        live = self._look_up(follower.ticket_id)
        if live is None:
            return
        for frame in live.beyond(follower.cursor):
            if follower not in live.followers:
                # It left, now or while an earlier frame was sent: its ticket may have another follower here already.
                return
            await self._put(_encoded(frame))

    async def _put(self, frame: bytes) -> None:
        if self._write is None or not self._write(frame):
            await self._send(frame.decode())


def _encoded(frame: ServerFrame | str) -> bytes:
    return frame.encode() if isinstance(frame, str) else to_json(frame)
