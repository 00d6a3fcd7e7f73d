"""Confirmed publishing and unconfirmed telling, on the publishing connection."""

import asyncio
from collections.abc import Callable

import structlog
from aiormq import spec
from aiormq.abc import ConfirmationFrameType
from aiormq.exceptions import ChannelNotFoundEntity, DeliveryError, PublishError

from tokenline.adapters.broker_rabbitmq.channels import KeptChannel
from tokenline.adapters.broker_rabbitmq.failures import as_unavailable
from tokenline.adapters.broker_rabbitmq.link import Link
from tokenline.adapters.broker_rabbitmq.told import MESSAGE_TYPE, Told
from tokenline.adapters.broker_rabbitmq.topology import Topology
from tokenline.adapters.owned_tasks import OwnedTasks
from tokenline.contracts.errors import BrokerUnavailable, QueueFull
from tokenline.core.clock import Clock

PUBLISH_LIMIT_S = 5.0

_PERSISTENT = 2

log = structlog.get_logger()


class Publisher:
    def __init__(
        self,
        link: Link,
        topology: Topology,
        tasks: OwnedTasks,
        clock: Clock,
        observe: Callable[[str, float], None] | None,
    ) -> None:
        self._link = link
        self._topology = topology
        self._tasks = tasks
        self._clock = clock
        self._observe = observe
        self._confirmed = KeptChannel(link, confirms=True)
        self._unconfirmed = KeptChannel(link, confirms=False)
        self._told: Told | None = None
        self._repairing: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self.unanswered = False
        """A publish ended without a word of the broker, and there has been none since."""

    async def open(self) -> None:
        """Both channels, on a new connection."""
        await self._confirmed.get()
        await self._unconfirmed.get()

    async def publish(self, exchange: str, routing_key: str, body: bytes, priority: int) -> None:
        """As the port says. The broker's confirm is the only way to return."""
        started = self._clock.monotonic()
        # A closed channel fails without yielding: a caller that tries again at once must not starve the others.
        await asyncio.sleep(0)
        where = {"exchange": exchange, "routing_key": routing_key}
        async with as_unavailable(PUBLISH_LIMIT_S, lambda: f"publishing to {exchange} with key {routing_key}", **where):
            try:
                answer = await self._send(exchange, routing_key, body, priority)
            except asyncio.CancelledError:
                self._ask()
                raise
            except (PublishError, ChannelNotFoundEntity) as error:
                await asyncio.shield(self._repair())
                raise BrokerUnavailable(
                    f"Nothing takes messages for {exchange} with key {routing_key}; it was declared again.", **where
                ) from error
            except DeliveryError as error:
                raise QueueFull(f"The queue behind {exchange} with key {routing_key} is full.", **where) from error
            if not isinstance(answer, spec.Basic.Ack):
                raise BrokerUnavailable(f"No confirm for {exchange} with key {routing_key}.", **where)
        self.unanswered = False
        if self._observe is not None:
            self._observe(exchange, self._clock.monotonic() - started)

    async def _send(self, exchange: str, routing_key: str, body: bytes, priority: int) -> ConfirmationFrameType | None:
        # While the broker takes nothing, wait before sending: what is not sent cannot arrive after we gave up.
        await self._link.unblocked()
        channel = await self._confirmed.get()
        return await channel.basic_publish(
            body,
            exchange=exchange,
            routing_key=routing_key,
            mandatory=True,
            properties=spec.Basic.Properties(delivery_mode=_PERSISTENT, message_type=MESSAGE_TYPE, priority=priority),
            wait=self._link.stalled,
        )

    async def tell(self, exchange: str, routing_key: str, body: bytes) -> bool:
        """As the port says: it waits for nothing."""
        channel = self._unconfirmed.current
        if channel is None:
            if self._link.up:
                self._repair()
            return False
        if self._link.stalled:
            return False
        if self._told is None or self._told.channel is not channel:
            self._told = Told(channel)
        return self._link.write(self._told.frames(exchange, routing_key, body))

    def _ask(self) -> None:
        """Ask the broker for any answer at all, to know when it answers again."""
        self.unanswered = True
        if self._asking is None or self._asking.done():
            self._asking = self._tasks.spawn("broker asked for an answer", self._ask_once())

    async def _ask_once(self) -> None:
        try:
            async with as_unavailable(None, lambda: "asking for an answer"):
                await (await self._link.channel(confirms=False)).close()
        except BrokerUnavailable as error:
            log.debug("broker.did_not_answer", problem=error.message)  # its connection is gone, which others see to
        self.unanswered = False

    def _repair(self) -> asyncio.Task[None]:
        """One repair at a time, however many messages found the topology broken."""
        if self._repairing is None or self._repairing.done():
            self._repairing = self._tasks.spawn("broker repair", self._repair_once())
        return self._repairing

    async def _repair_once(self) -> None:
        await self._topology.repair()
        try:
            async with as_unavailable(PUBLISH_LIMIT_S, lambda: "opening channels"):
                await self.open()
        except BrokerUnavailable as error:
            log.warning("broker.repair_failed", problem=error.message)
