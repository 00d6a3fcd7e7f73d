"""uvicorn's connections with an end: whoever takes nothing is dropped, and what waits for them in memory with it.

uvicorn stops a handler's `send` while a peer does not read, and closes when the handler ends; but a close waits for
what was written to be taken, and so for ever. Here a connection that is stuck is aborted.
"""

import asyncio
import socket

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tokenline.runtime.sockets import CLOSE_S, SEND_S

WRITE_BUFFER_BYTES = 64 * 1024
"""Beyond it `send` waits, so a connection holds this and one frame."""
UNSENT_BYTES = 16 * 1024
"""What the kernel takes beyond what is on its way; by default it would take megabytes that nobody may ever read."""
PEER_SILENT_MS = 20_000
"""A peer that acknowledges nothing for so long is gone (F42)."""


def tune(listener: socket.socket) -> None:
    """Accepted connections inherit it. Where the system has no such option, the limits above the kernel remain."""
    for option, value in (("TCP_USER_TIMEOUT", PEER_SILENT_MS), ("TCP_NOTSENT_LOWAT", UNSENT_BYTES)):
        if (number := getattr(socket, option, None)) is not None:
            listener.setsockopt(socket.IPPROTO_TCP, number, value)


class Patience:
    """Aborts a transport whose peer takes nothing for `SEND_S`. One that takes little, but takes, is only slow."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._left = 0

    def begin(self) -> None:
        """The buffer is full."""
        self._left = self._transport.get_write_buffer_size()
        self._timer = self._loop.call_later(SEND_S, self._look)

    def end(self) -> None:
        """There is room again, or no connection any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def run_out(self) -> None:
        """Close by now; abort what is not closed in a moment."""
        self._loop.call_later(CLOSE_S, self._transport.abort)

    def _look(self) -> None:
        if self._transport.get_write_buffer_size() >= self._left:
            self._transport.abort()
        else:
            self.begin()


class HttpConnection(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        transport.set_write_buffer_limits(WRITE_BUFFER_BYTES)
        self._patience = Patience(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.end()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._patience.begin()

    def resume_writing(self) -> None:
        self._patience.end()
        super().resume_writing()


class SocketConnection(WebSocketsSansIOProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._patience = Patience(self.transport)
        self._behind = 0

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.end()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._patience.begin()

    def resume_writing(self) -> None:
        self._patience.end()
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
            self._patience.run_out()

    def shutdown(self) -> None:
        """1012 to all; who does not take it is not waited for."""
        super().shutdown()
        self._patience.run_out()
