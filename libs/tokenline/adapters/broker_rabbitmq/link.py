"""One connection to RabbitMQ, kept up by its own loop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import aio_pika
import structlog
from aiormq import Channel
from aiormq.abc import AbstractConnection

from tokenline.adapters.broker_rabbitmq.failures import as_unavailable
from tokenline.adapters.broker_rabbitmq.lane import Lane
from tokenline.adapters.broker_rabbitmq.sockets import Socket
from tokenline.adapters.owned_tasks import OwnedTasks
from tokenline.contracts.errors import BrokerUnavailable, TokenlineError

HEARTBEAT_S = 4
"""RabbitMQ gives a silent client up after two to three of these, and its tickets to others: within 15 s (F16)."""

CONNECT_LIMIT_S = 5.0
SET_UP_LIMIT_S = 10.0
CLOSE_LIMIT_S = 2.0
RETRY_S = 1.0

log = structlog.get_logger()


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
        self._socket = Socket()
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

    async def lane(self, *, confirms: bool) -> Lane:
        """A new channel. Raises what the library raises."""
        socket = self._socket
        channel = await self.amqp.channel(publisher_confirms=confirms)
        return Lane(cast(Channel, channel), socket)  # declared as its abstract base

    @property
    def blocked(self) -> bool:
        """The broker has said that it reads no more from this connection: at a memory or disk alarm."""
        return self._connection is not None and self._socket.blocked

    @property
    def stalled(self) -> bool:
        """As `Socket.stalled`."""
        return self._socket.stalled

    async def room(self) -> None:
        """As `Socket.room`."""
        await self._socket.room()

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
        self._socket = Socket()
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
        self._socket.release()
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
