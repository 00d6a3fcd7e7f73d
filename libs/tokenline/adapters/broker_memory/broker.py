"""One client of a memory server."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from tokenline.adapters.broker_memory.queues import Consumer, MemoryDelivery, MemoryQueue
from tokenline.adapters.broker_memory.server import MemoryServer
from tokenline.adapters.owned_tasks import OwnedTasks
from tokenline.contracts.errors import BrokerUnavailable, TokenlineError, TopologyMismatch
from tokenline.contracts.topology import Queue
from tokenline.core.ports.broker import Handler

log = structlog.get_logger()

OnRestored = Callable[[], Awaitable[None]] | None


class MemoryConsumption:
    def __init__(
        self,
        server: MemoryServer,
        tasks: OwnedTasks,
        queue: Queue,
        handler: Handler,
        prefetch: int,
        restored: OnRestored,
    ) -> None:
        self.queue = queue
        self._server = server
        self._tasks = tasks
        self._handler = handler
        self._prefetch = prefetch
        self._restored = restored
        self._consumer: Consumer | None = None
        self._cancelled = False

    def begin(self) -> None:
        self._consumer = Consumer(self._prefetch, self._receive, self.restore)
        self._server.declare(self.queue).join(self._consumer)

    def lose(self) -> None:
        """The connection is gone."""
        if self._consumer is not None and self._consumer.queue is not None:
            self._consumer.queue.part(self._consumer)

    def restore(self) -> None:
        if not self._cancelled:
            self.begin()
            if self._restored is not None:
                self._tasks.spawn(f"restored {self.queue.name}", self._run(self._restored()))

    async def cancel(self) -> None:
        self._cancelled = True
        if self._consumer is not None:
            self._consumer.leaving = True

    def _receive(self, delivery: MemoryDelivery) -> None:
        self._tasks.spawn(f"handle {self.queue.name}", self._handle(delivery))

    async def _handle(self, delivery: MemoryDelivery) -> None:
        try:
            if (waiting := self._handler(delivery)) is not None:
                await waiting
        except Exception:
            log.exception("broker.handler_failed", queue=self.queue.name)
            await delivery.reject()

    async def _run(self, work: Awaitable[None]) -> None:
        await work


class MemoryBroker:
    def __init__(self, server: MemoryServer | None = None) -> None:
        self.server = server or MemoryServer()
        self._tasks = OwnedTasks()
        self._connected = False
        self._closed = False
        self._known: dict[str, Queue] = {}
        self._consumptions: list[MemoryConsumption] = []

    @property
    def connected(self) -> bool:
        return self._connected

    @property
    def blocked(self) -> bool:
        return self.server.blocked

    @property
    def mismatch(self) -> str | None:
        return next(filter(None, map(self.server.mismatch, self._known.values())), None)

    async def connect(self) -> None:
        self._closed = False
        await self.server.running.wait()
        if not self._connected:
            self._connected = True
            self.server.on_cut.append(self.lose_connection)
            self.server.on_damage.append(self._declare_all)
            self._declare_all()

    async def close(self) -> None:
        self._closed = True
        self.lose_connection()
        self._consumptions.clear()
        await self._tasks.end()

    def lose_connection(self) -> None:
        """A lever for tests: as if the network failed. Connects again by itself when the server runs."""
        if not self._connected:
            return
        self._connected = False
        self.server.on_cut.remove(self.lose_connection)
        self.server.on_damage.remove(self._declare_all)
        for consumption in self._consumptions:
            consumption.lose()
        for queue in [queue for queue in self._known.values() if queue.exclusive]:
            self.server.queues.pop(queue.name, None)
        if not self._closed:
            self._tasks.spawn("memory broker reconnects", self._reconnect())

    async def _reconnect(self) -> None:
        await self.connect()
        for consumption in self._consumptions:
            consumption.restore()

    async def declare(self, queue: Queue) -> None:
        self._require()
        self._known[queue.name] = queue
        self.server.declare(queue)

    async def publish(self, exchange: str, routing_key: str, body: bytes, *, priority: int = 0) -> None:
        await asyncio.sleep(0)
        self._require()
        if self.server.blocked:
            raise BrokerUnavailable
        try:
            self.server.send(exchange, routing_key, body, priority=priority, persistent=True)
        except BrokerUnavailable:
            self._declare_all()
            raise

    async def tell(self, exchange: str, routing_key: str, body: bytes) -> bool:
        if not self._connected or self.server.blocked:
            return False
        try:
            self.server.send(exchange, routing_key, body, priority=0, persistent=False)
        except TokenlineError:
            log.debug("broker.told_nobody", exchange=exchange, routing_key=routing_key)
        return True

    async def consume(
        self, queue: Queue, handler: Handler, *, prefetch: int, on_restored: OnRestored = None
    ) -> MemoryConsumption:
        await self.declare(queue)
        consumption = MemoryConsumption(self.server, self._tasks, queue, handler, prefetch, on_restored)
        consumption.begin()
        self._consumptions.append(consumption)
        return consumption

    async def depth(self, queue: Queue) -> int:
        return self._existing(queue).depth

    async def purge(self, queue: Queue) -> int:
        return self._existing(queue).purge()

    def _existing(self, queue: Queue) -> MemoryQueue:
        self._require()
        if queue.name not in self.server.queues:
            raise BrokerUnavailable(f"The queue {queue.name} does not exist.")
        return self.server.queues[queue.name]

    def _require(self) -> None:
        if not self._connected:
            raise BrokerUnavailable

    def _declare_all(self) -> None:
        self.server.set_up()
        for queue in self._known.values():
            with suppress(TopologyMismatch):
                self.server.declare(queue)
