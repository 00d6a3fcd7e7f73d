"""The port on RabbitMQ: two connections, and what works on them."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from tokenline.adapters.broker_rabbitmq.consumption import RabbitConsumption
from tokenline.adapters.broker_rabbitmq.link import Link
from tokenline.adapters.broker_rabbitmq.publisher import Publisher
from tokenline.adapters.broker_rabbitmq.topology import Topology
from tokenline.adapters.owned_tasks import OwnedTasks
from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.topology import CONTROL, Queue
from tokenline.core.clock import Clock, SystemClock
from tokenline.core.ports.broker import Consumption, Handler

PULSE_S = 5.0
"""RabbitMQ says that it takes no messages to those who send some: so who has none to send sends one to nobody."""


class RabbitBroker:
    """Publishes on one connection and consumes on another, so that an alarm stops only the first."""

    def __init__(
        self,
        url: str,
        name: str,
        *,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
        observe_publish: Callable[[str, float], None] | None = None,
        observe_connected: Callable[[bool], None] | None = None,
    ) -> None:
        """``name`` is shown in RabbitMQ, as ``<name> publish`` and ``<name> consume``.

        ``observe_publish`` is told exchange and seconds of every confirmed publish, ``observe_connected`` every change.
        """
        self._tasks = OwnedTasks()
        self._publishing = Link(url, f"{name} publish", self._tasks, jitter)
        self._consuming = Link(url, f"{name} consume", self._tasks, jitter)
        self._topology = Topology(self._consuming, self._tasks)
        self._publisher = Publisher(
            self._publishing, self._topology, self._tasks, clock or SystemClock(), observe_publish
        )
        self._consuming.on_up = self._topology.set_up
        self._publishing.on_up = self._publisher.open
        self._pulsing: asyncio.Task[None] | None = None
        self._observe_connected = observe_connected
        self._publishing.on_change = self._consuming.on_change = self._connection_changed

    @property
    def connected(self) -> bool:
        return self._publishing.up and self._consuming.up

    @property
    def blocked(self) -> bool:
        """As the port says: told by RabbitMQ, or concluded from a publish that nobody answered."""
        return self._publishing.blocked or self._publisher.unanswered

    @property
    def mismatch(self) -> str | None:
        return self._topology.mismatch

    @property
    def problem(self) -> str | None:
        """Why it is not connected, in a sentence; `None` when it is."""
        return self._consuming.problem or self._publishing.problem

    async def connect(self) -> None:
        self._consuming.start()
        self._publishing.start()
        if self._pulsing is None or self._pulsing.done():
            self._pulsing = self._tasks.spawn("broker pulse", self._pulse())
        try:
            await self.wait_connected()
        except asyncio.CancelledError:
            await self.close()
            raise

    async def wait_connected(self) -> None:
        """Both connections are up at the same time."""
        while not self.connected:
            await self._consuming.wait_up()
            await self._publishing.wait_up()

    async def close(self) -> None:
        """Unacknowledged messages go back to their queues. Leaves no task and no connection, within 4 s."""
        await self._tasks.end()
        await asyncio.gather(self._publishing.close(), self._consuming.close())
        await self._tasks.end()  # what was delivered while the connections closed

    async def declare(self, queue: Queue) -> None:
        await self._topology.ensure(queue)

    async def publish(self, exchange: str, routing_key: str, body: bytes, *, priority: int = 0) -> None:
        await self._publisher.publish(exchange, routing_key, body, priority)

    async def tell(self, exchange: str, routing_key: str, body: bytes) -> bool:
        return await self._publisher.tell(exchange, routing_key, body)

    async def consume(
        self,
        queue: Queue,
        handler: Handler,
        *,
        prefetch: int,
        on_restored: Callable[[], Awaitable[None]] | None = None,
    ) -> Consumption:
        if not self._consuming.up:
            raise BrokerUnavailable
        consumption = RabbitConsumption(
            self._consuming, self._topology, self._tasks, queue, handler, prefetch, on_restored
        )
        await consumption.begin()
        return consumption

    async def depth(self, queue: Queue) -> int:
        return await self._topology.depth(queue)

    async def purge(self, queue: Queue) -> int:
        return await self._topology.purge(queue)

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            await self.tell(CONTROL.name, "nobody", b"")

    def _connection_changed(self) -> None:
        if self._observe_connected is not None:
            self._observe_connected(self.connected)
