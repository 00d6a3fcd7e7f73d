"""One connection to RabbitMQ, kept up by its own loop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import aio_pika
import structlog
from aiormq import Channel
from aiormq.abc import AbstractConnection
from aiormq.connection import TCPTransportFactory, TLSTransportFactory, TransportFactory
from yarl import URL

from tokenline.adapters.broker_rabbitmq.failures import as_unavailable
from tokenline.adapters.broker_rabbitmq.tap import Tap
from tokenline.adapters.owned_tasks import OwnedTasks
from tokenline.contracts.errors import BrokerUnavailable, TokenlineError

HEARTBEAT_S = 4
"""RabbitMQ gives a silent client up after two to three of these, and its tickets to others: within 15 s (F16)."""

CONNECT_LIMIT_S = 5.0
SET_UP_LIMIT_S = 10.0
CLOSE_LIMIT_S = 2.0
RETRY_S = 1.0

BACKLOG_LIMIT_BYTES = 256 * 1024
"""More than this unsent in our own memory: the broker does not read."""

log = structlog.get_logger()


class _Socket(TransportFactory):
    """Opens the library's socket and keeps hold of it, to see what waits in it, to `Tap` it, and to drop it at once."""

    tap: Tap

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None

    async def create(self, url: URL, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        factory = TLSTransportFactory() if url.scheme == "amqps" else TCPTransportFactory()
        reader, writer = await factory.create(url, **options)
        self._transport = writer.transport
        self.tap = Tap(reader.feed_data)
        # All that the socket brings goes through it.
        reader.feed_data = self.tap.feed  # type: ignore[method-assign, assignment]
        return reader, writer

    @property
    def backlog_bytes(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def write(self, frames: bytes) -> bool:
        if self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(frames)
        return True

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class Link:
    """``on_up`` prepares each new connection before the link counts as up; when it raises, the link starts over."""

    def __init__(self, url: str, name: str, tasks: OwnedTasks, jitter: Callable[[], float]) -> None:
        """``name`` is shown in RabbitMQ; ``jitter`` gives 0..1."""
        self.name = name
        self.problem: str | None = "not connected yet"
        self.on_up: Callable[[], Awaitable[None]] | None = None
        self.on_change: Callable[[], None] | None = None
        self._url = aio_pika.connection.make_url(url, heartbeat=HEARTBEAT_S, name=name)
        self._tasks = tasks
        self._jitter = jitter
        self._up = asyncio.Event()
        self._connection: aio_pika.Connection | None = None
        self._socket = _Socket()
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to keep it up; harmless when begun."""
        if self._keeper is None:
            self._keeper = self._tasks.spawn(f"broker link {self.name}", self._keep_up())

    async def close(self) -> None:
        if self._keeper is not None:
            keeper, self._keeper = self._keeper, None
            await self._tasks.end(keeper)
        await self._drop()
        self.problem = "closed"

    @property
    def up(self) -> bool:
        return self._up.is_set()

    async def wait_up(self) -> None:
        await self._up.wait()

    @property
    def amqp(self) -> AbstractConnection:
        """The open connection. Raises `BrokerUnavailable`."""
        if self._connection is None or self._connection.transport is None:
            raise BrokerUnavailable(link=self.name)
        return self._connection.transport.connection

    async def channel(self, *, confirms: bool) -> Channel:
        """Open one; raises what the library raises. With ``confirms`` an unroutable message raises too."""
        channel = await self.amqp.channel(publisher_confirms=confirms, on_return_raises=confirms)
        return cast(Channel, channel)  # declared as its abstract base, which cannot publish without waiting

    @property
    def tap(self) -> Tap:
        """Of the open connection."""
        return self._socket.tap

    async def unblocked(self) -> None:
        """Returns when the broker takes messages on this connection: it stops at a memory or disk alarm."""
        await self.amqp.ready()

    @property
    def blocked(self) -> bool:
        """The broker has said that it reads no more from this connection."""
        if self._connection is None or self._connection.transport is None:
            return False
        waiting = self._connection.transport.connection.ready()
        try:
            # The library tells only those who wait, so start to wait: it ends at once unless blocked.
            waiting.send(None)
        except StopIteration:
            return False
        waiting.close()
        return True

    @property
    def stalled(self) -> bool:
        """What is written now would wait in our own memory, for nobody knows how long."""
        return self._socket.backlog_bytes > BACKLOG_LIMIT_BYTES or self.blocked

    def write(self, frames: bytes) -> bool:
        """Whole frames, past the library's writer, which writes whole frames, too: so they may come in between. False
        when the connection is gone. What the socket does not take waits in our memory: look at `stalled` before.
        """
        return self._socket.write(frames)

    # ── keeping it up ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _keep_up(self) -> None:
        while True:
            try:
                await self._open()
            except TokenlineError as error:
                self._note(error.message)
            except Exception as error:  # whatever a strange peer makes the library raise: this loop must go on
                self._note(f"The message broker failed: {error!r}")
            else:
                log.info("broker.connected", link=self.name)
                self._mark(up=True)
                await asyncio.wait([self.amqp.closing])
                self._mark(up=False)
                self._note("the connection was lost")
            await self._drop()
            await asyncio.sleep(RETRY_S * (0.5 + self._jitter()))

    async def _open(self) -> None:
        self._socket = _Socket()
        self._connection = aio_pika.Connection(self._url)
        self._connection.kwargs["transport_factory"] = self._socket
        async with as_unavailable(SET_UP_LIMIT_S, lambda: "connecting"):
            await self._connection.connect(timeout=CONNECT_LIMIT_S)
            if self.on_up is not None:
                await self.on_up()
        self.problem = None

    async def _drop(self) -> None:
        """Say goodbye if the broker listens, else hang up."""
        connection, self._connection = self._connection, None
        self._mark(up=False)
        if connection is None:
            return
        leaving = self._tasks.spawn(f"broker link {self.name} closing", connection.close())
        try:
            await asyncio.wait([leaving], timeout=CLOSE_LIMIT_S)
        finally:
            self._socket.abort()
        await asyncio.wait([leaving], timeout=CLOSE_LIMIT_S)

    def _mark(self, *, up: bool) -> None:
        if up != self._up.is_set():
            if up:
                self._up.set()
            else:
                self._up.clear()
            if self.on_change is not None:
                self.on_change()

    def _note(self, problem: str) -> None:
        """Logged once per change, not once per second."""
        if problem != self.problem:
            log.warning("broker.disconnected", link=self.name, problem=problem)
        self.problem = problem
