"""Confirmed publishing and unconfirmed telling, on the publishing connection."""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog
from aiormq.exceptions import ChannelNotFoundEntity

from tokenline.adapters.broker_rabbitmq.confirms import Confirms, Refused, Returned
from tokenline.adapters.broker_rabbitmq.failures import as_unavailable
from tokenline.adapters.broker_rabbitmq.kept import Kept
from tokenline.adapters.broker_rabbitmq.link import Link
from tokenline.adapters.broker_rabbitmq.outgoing import TRANSIENT, Outgoing
from tokenline.adapters.broker_rabbitmq.topology import Topology
from tokenline.adapters.owned_tasks import OwnedTasks
from tokenline.contracts.errors import BrokerUnavailable, QueueFull
from tokenline.core.clock import Clock

PUBLISH_LIMIT_S = 5.0

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
        self._confirmed = Kept(link, Confirms, confirms=True)
        self._told = Kept(link, partial(Outgoing, mandatory=False), confirms=False)
        self._repairing: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self.unanswered = False
        """A publish ended without a word of the broker, and there has been none since."""

    async def open(self) -> None:
        """Both channels, on a new connection."""
        await self._confirmed.get()
        await self._told.get()

    async def publish(self, exchange: str, routing_key: str, body: bytes, priority: int) -> None:
        """As the port says. The broker's confirm is the only way to return."""
        started = self._clock.monotonic()
        where = {"exchange": exchange, "routing_key": routing_key}
        async with as_unavailable(PUBLISH_LIMIT_S, lambda: f"publishing to {exchange} with key {routing_key}", **where):
            try:
                await (await self._ready()).publish(exchange, routing_key, body, priority)
            except asyncio.CancelledError:
                self._ask()
                raise
            except (Returned, ChannelNotFoundEntity) as error:
                await asyncio.shield(self._repair())
                raise BrokerUnavailable(
                    f"Nothing takes messages for {exchange} with key {routing_key}; it was declared again.", **where
                ) from error
            except Refused as error:
                raise QueueFull(f"The queue behind {exchange} with key {routing_key} is full.", **where) from error
        self.unanswered = False
        if self._observe is not None:
            self._observe(exchange, self._clock.monotonic() - started)

    async def _ready(self) -> Confirms:
        # While the broker takes nothing, wait before sending: what is not sent cannot arrive after we gave up.
        while (confirms := self._confirmed.current) is None or self._link.stalled:
            # A link that is down fails without yielding: a caller that tries again at once must not starve the others.
            await asyncio.sleep(0)
            await self._confirmed.get()
            await self._link.room()
        return confirms

    async def tell(self, exchange: str, routing_key: str, body: bytes) -> bool:
        """As the port says: it waits for nothing."""
        told = self._told.current
        if told is None:
            if self._link.up:
                self._repair()
            return False
        return not self._link.stalled and told.send(exchange, routing_key, TRANSIENT, body)

    def _ask(self) -> None:
        """Ask the broker for any answer at all, to know when it answers again."""
        self.unanswered = True
        if self._asking is None or self._asking.done():
            self._asking = self._tasks.spawn("broker asked for an answer", self._ask_once())

    async def _ask_once(self) -> None:
        try:
            async with as_unavailable(None, lambda: "asking for an answer"):
                await (await self._link.lane(confirms=False)).close()
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
