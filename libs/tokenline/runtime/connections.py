"""uvicorn's connections with an end: whoever takes nothing is dropped, and what waits for them in memory with it.

uvicorn stops a handler's `send` while a peer does not read, and closes when the handler ends; but a close waits for
what was written to be taken, and so for ever. Here a connection that is stuck is aborted.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine, MutableMapping
from contextlib import suppress
from typing import Any

from uvicorn import Config
from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.protocol import State

from tokenline.runtime.heads import HeadGuard
from tokenline.runtime.sockets import CLOSE_S, SEND_S
from tokenline.runtime.waiting import Gate, Inbox

WRITE_BUFFER_BYTES = 64 * 1024
"""Beyond it `send` waits, so a connection holds this and one frame."""
UNSENT_BYTES = 16 * 1024
"""What the kernel takes beyond what is on its way; by default it would take megabytes that nobody may ever read."""
RESET = struct.pack("ii", 1, 0)
"""`SO_LINGER` of no time at all."""
WRITER = "tokenline.write_text"
"""The scope's extension that `direct_writer` looks up."""
PEER_SILENT_MS = 20_000
"""A peer that acknowledges nothing for so long is gone (F42)."""

# RFC 6455, 5.2: a frame from a server, without a mask.
_FINAL_TEXT = 0x81
_HEAD_16, _HEAD_64 = struct.Struct("!BBH"), struct.Struct("!BBQ")


def tune(listener: socket.socket) -> None:
    """Accepted connections inherit it. Where the system has no such option, the limits above the kernel remain."""
    for option, value in (("TCP_USER_TIMEOUT", PEER_SILENT_MS), ("TCP_NOTSENT_LOWAT", UNSENT_BYTES)):
        if (number := getattr(socket, option, None)) is not None:
            listener.setsockopt(socket.IPPROTO_TCP, number, value)


class StallWatch:
    """Aborts a transport whose peer takes nothing for `SEND_S`. One that takes little, but takes, is only slow."""

    __slots__ = ("_left", "_loop", "_lost", "_span_s", "_timer", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._span_s = SEND_S
        self._left = 0
        self._lost = False

    def begin(self) -> None:
        """The buffer is full."""
        self._cancel()
        self._left = self._transport.get_write_buffer_size()
        self._timer = self._loop.call_later(self._span_s, self._look)

    def relax(self) -> None:
        """There is room again."""
        if self._span_s == SEND_S:
            self._cancel()

    def hurry(self) -> None:
        """This process stops: from here on a moment is enough, however little is left."""
        self._span_s = CLOSE_S
        self.begin()

    def lost(self) -> None:
        """There is no connection any more, and its descriptor may be another's soon."""
        self._lost = True
        self._cancel()

    def run_out(self) -> asyncio.TimerHandle:
        """Abort what is not closed in a moment."""
        return self._loop.call_later(CLOSE_S, self._abort)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        if 0 < self._left <= self._transport.get_write_buffer_size():
            self._abort()
        else:
            self.begin()

    def _abort(self) -> None:
        """Forget what is unsent, in the kernel, too, and let the peer know should it ever look."""
        if self._lost:
            return
        with suppress(OSError):
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._transport.abort()


class HttpConnection(HeadGuard):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        transport.set_write_buffer_limits(WRITE_BUFFER_BYTES)
        self._stall = StallWatch(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stall.lost()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall.begin()

    def resume_writing(self) -> None:
        self._stall.relax()
        super().resume_writing()

    def shutdown(self) -> None:
        """Let a response under way come to its end, as long as it is taken."""
        super().shutdown()
        self._stall.hurry()


def direct_writer(scope: MutableMapping[str, Any]) -> Callable[[bytes], bool] | None:
    """`SocketConnection.write_text` of the socket with this scope; ``None`` when something else serves it."""
    writer: Callable[[bytes], bool] | None = scope.get("extensions", {}).get(WRITER)
    return writer


class SocketConnection(WebSocketsSansIOProtocol):
    """Holds as little as can be while nothing happens."""

    # uvicorn sets them, in a dict that grows beyond the 30 names up to which CPython lets instances share it: 1.5 KiB.
    __slots__ = (
        "_behind",
        "_stall",
        "app",
        "app_state",
        "asgi_version",
        "client",
        "config",
        "connections",
        "default_headers",
        "logger",
        "loop",
        "queue",
        "root_path",
        "scheme",
        "server",
        "tasks",
        "transport",
        "writable",
    )

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        # What uvicorn does with the queue and the event it made, these do, too.
        self.queue: Inbox[ASGIReceiveEvent] = Inbox()  # type: ignore[assignment]
        self.writable: Gate = Gate()  # type: ignore[assignment]

    def run_asgi(self) -> Coroutine[Any, Any, None]:
        extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
        extensions[WRITER] = self.write_text
        return super().run_asgi()

    def start_keepalive(self) -> None:
        """The handshake is over, and what it said is the app's: the parser would keep it as long as the socket."""
        super().start_keepalive()
        self.request.headers.clear()
        del self.request, self.response, self.scope

    def write_text(self, text: bytes) -> bool:
        """Send it (UTF-8) as one frame at once; False when the socket takes nothing at the moment, or no more.

        The way of all else, through four layers and a task, is most of what a token costs. For a handler that awaits no
        `send` at the time: frames would overtake each other.
        """
        if self.conn.state is not State.OPEN or not self.writable.is_set() or self.transport.is_closing():
            return False
        size = len(text)
        if size < 126:
            head = bytes((_FINAL_TEXT, size))
        elif size < 1 << 16:
            head = _HEAD_16.pack(_FINAL_TEXT, 126, size)
        else:
            head = _HEAD_64.pack(_FINAL_TEXT, 127, size)
        self.transport.write(head + text)
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._stall = StallWatch(self.transport)
        self._behind = 0

    def connection_lost(self, exc: Exception | None) -> None:
        self._stall.lost()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall.begin()

    def resume_writing(self) -> None:
        self._stall.relax()
        super().resume_writing()

    def handle_ping(self) -> None:
        """Who pings and does not read gets no answer; pongs are written past every limit."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def send_keepalive_ping(self) -> None:
        super().send_keepalive_ping()
        self._behind = self.transport.get_write_buffer_size()

    def keepalive_timeout(self) -> None:
        """Give up, unless the ping still stands behind what a slow peer is taking bit by bit."""
        if 0 < self.transport.get_write_buffer_size() < self._behind:
            self.pong_timer = None
            self.pending_ping_payload = None
            self.schedule_ping()
        else:
            super().keepalive_timeout()
            self._stall.run_out()

    def shutdown(self) -> None:
        """Say 1012 and wait a moment for the answer: closing while something is unread takes back what was said."""
        self._stall.hurry()
        if self.transport.is_closing():
            return
        if not self.handshake_complete or self.close_sent:
            super().shutdown()
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1012})
        self.conn.send_close(1012)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_timer = self._stall.run_out()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
