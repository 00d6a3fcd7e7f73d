"""One HTTP/1.1 connection to a model's endpoint, which reads an answer at the price of a socket.

aiohttp hands each token through six layers and runs its parser twice per read, which is half of what a worker spends on
a token. Here the parser (llhttp, of httptools) puts the body's bytes where their reader waits.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

import httptools
import httpx2

from tokenline.adapters.model_openai.pouring import Take

HEAD_BYTES = 128 * 1024
"""More than any endpoint says before its answer, or behind it."""
UNREAD_BYTES = 256 * 1024
"""So much of a body waits for its reader; then nothing is read from the socket until that is taken."""

Header = tuple[bytes, bytes]


class Connection(asyncio.Protocol):
    """Carries one exchange at a time: `ask`, then `read` to the end. Made by ``loop.create_connection``."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[Header] = []
        self.ended = True
        """The response is whole, or there is none yet."""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._parser: httptools.HttpResponseParser
        self._keep_alive = True
        self._headed = False
        self._bare_bytes = 0
        self._chunks: list[bytes] = []
        self._unread = 0
        self._paused = False
        self._take: Take | None = None
        """Who gets what arrives at once; ``None``: it waits to be read."""
        self._waiter: asyncio.Future[None] | None = None
        self._failure: Exception | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._given_up: Callable[[], None] | None = None

    # ── an exchange ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def ask(self, request: bytes) -> None:
        """Send it and wait for the head of the response. Raises `httpx2.TransportError`; then `abort`."""
        self.status, self.headers, self.ended = 0, [], False
        self._headed, self._bare_bytes = False, 0
        self._parser = httptools.HttpResponseParser(self)
        self._transport.write(request)
        while not self._headed:
            await self._news()

    async def read(self) -> bytes:
        """What has arrived of the body, at least a byte; empty at its end. Raises `httpx2.TransportError`."""
        while not self._chunks:
            if self.ended:
                return b""
            await self._news()
        return self._gathered()

    async def pour(self, take: Take) -> bool:
        """Give what arrives of the body to ``take``, from the loop itself, until that is enough: True; False at its
        end. Raises `httpx2.TransportError`.
        """
        while True:
            if self._chunks:
                if not take(self._gathered()):
                    return True
            elif self.ended:
                return False
            else:
                self._take = take
                try:
                    await self._news()
                    if self._sated:
                        return True
                finally:
                    self._take = None

    @property
    def _sated(self) -> bool:
        """Whoever took what arrives has enough."""
        return self._take is None

    def _gathered(self) -> bytes:
        chunks, self._chunks, self._unread = self._chunks, [], 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def _news(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    # ── between exchanges ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def reusable(self) -> bool:
        return self.ended and self._keep_alive and not self._chunks and not self._transport.is_closing()

    def rest(self, at_most_s: float, given_up: Callable[[], None]) -> None:
        """Be idle. When it has been so for too long, or the peer hangs up, it is closed and ``given_up`` called."""
        self._given_up = given_up
        self._idle = self._loop.call_later(at_most_s, self.abort)

    def rouse(self) -> None:
        """Idle no longer."""
        self._given_up = None
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def abort(self) -> None:
        """Hang up at once."""
        self._keep_alive = False
        self._transport.abort()
        self._leave()

    def _leave(self) -> None:
        given_up = self._given_up
        self.rouse()
        if given_up is not None:
            given_up()

    # ── what the socket says ─────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        if self.ended:
            # Nobody has asked for it.
            self.abort()
            return
        unread = self._unread
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(httpx2.RemoteProtocolError(f"The response is no HTTP: {error}."))
            return
        # The parser gathers a header's bytes until it ends, in trailers, too.
        self._bare_bytes = 0 if self._headed and self._unread > unread else self._bare_bytes + len(data)
        if self._bare_bytes > HEAD_BYTES and not self.ended:
            self._fail(httpx2.RemoteProtocolError("The head of the response is too long."))
        elif self._unread > UNREAD_BYTES and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        if self._take is not None and self._chunks:
            if not self._take(self._gathered()):
                self._take = None
            elif not self.ended:
                return
        self._wake()

    def eof_received(self) -> None:
        """Without a length, the body ends with the connection."""
        self._keep_alive = False
        if self._headed and not self.ended and not _has_length(self.headers):
            self.ended = True
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._keep_alive = False
        self._leave()
        self._fail(httpx2.RemoteProtocolError("The connection was closed before the response was whole."))

    def _fail(self, error: Exception) -> None:
        """Everything that waits, or will, is told."""
        self._failure = self._failure or error
        self._keep_alive = False
        self._transport.abort()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ── what the parser says ─────────────────────────────────────────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        if self.ended:
            raise ValueError("a second response to one request")

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._headed:  # what comes behind a body is nobody's concern
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._headed = self.status >= 200

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)
        self._unread += len(body)

    def on_message_complete(self) -> None:
        if not self._headed:
            # 1xx: the response is still to come.
            self.headers = []
            return
        self.ended = True
        self._keep_alive = self._keep_alive and self._parser.should_keep_alive()


def _has_length(headers: Sequence[Header]) -> bool:
    return any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in headers)
