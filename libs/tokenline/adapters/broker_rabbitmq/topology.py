"""Declaring, checking and repairing exchanges and queues, on a channel of their own.

A refused declaration closes its channel, so nothing else may use that one. It is a channel of the consuming
connection: exclusive queues belong to the connection that declared them, and an alarm does not block it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

import structlog
from aiormq import Channel
from aiormq.exceptions import ChannelPreconditionFailed

from tokenline.adapters.broker_rabbitmq.failures import as_unavailable
from tokenline.adapters.broker_rabbitmq.kept import Kept
from tokenline.adapters.broker_rabbitmq.link import RETRY_S, Link
from tokenline.adapters.owned_tasks import OwnedTasks
from tokenline.contracts.errors import TokenlineError, TopologyMismatch
from tokenline.contracts.topology import DEAD, DEAD_QUEUE, EXCHANGES, Exchange, Queue

DECLARE_LIMIT_S = 5.0
PRIORITIES_IN_QUORUM_QUEUES = (4, 3)
"""First RabbitMQ whose quorum queues order strictly by priority; older ones refuse ``x-max-priority``."""

_EXCHANGE = {exchange.name: exchange for exchange in EXCHANGES}

log = structlog.get_logger()


def has_quorum_priorities(version: str) -> bool:
    """``version`` as the server says it, such as ``3.10.8`` or ``4.3.0-rc.1``."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) >= PRIORITIES_IN_QUORUM_QUEUES


class Topology:
    def __init__(self, link: Link, tasks: OwnedTasks) -> None:
        self._link = link
        self._tasks = tasks
        self._channel = Kept(link, lambda lane: lane.channel, confirms=False)
        self._one_at_a_time = asyncio.Lock()
        self._known: dict[str, Queue] = {}
        self._misfits: dict[str, str] = {}
        self._waiting_for_room: asyncio.Task[None] | None = None

    @property
    def mismatch(self) -> str | None:
        """The first queue or exchange that exists as something else, and what to do, in a sentence."""
        return next(iter(self._misfits.values()), None)

    async def set_up(self) -> None:
        """All exchanges and the dead-letter queue, then every queue asked for so far.

        Raises `BrokerUnavailable`, and `TopologyMismatch` for the first part only: one queue that an upgrade left
        behind must not keep the others from working.
        """
        async with self._work("declaring the exchanges") as channel:
            await self._declare_exchanges(channel, EXCHANGES)
            await self._declare_queue(channel, DEAD_QUEUE)
        for queue in list(self._known.values()):
            with suppress(TopologyMismatch):
                await self.ensure(queue)

    async def repair(self) -> None:
        """`set_up` again, after something turned out to be missing; a failure is only logged."""
        try:
            await self.set_up()
        except TokenlineError as error:
            log.warning("broker.repair_failed", problem=error.message)
        else:
            log.warning("broker.topology_repaired")

    async def ensure(self, queue: Queue) -> int:
        """Declare a queue, its exchange and its bindings; returns how many consumers the broker lists for it.

        Raises `TopologyMismatch` or `BrokerUnavailable`; it is declared all the same as soon as that can be done.
        """
        self._known[queue.name] = queue
        async with self._work(f"declaring queue {queue.name}") as channel:
            await self._declare_exchanges(channel, [_EXCHANGE[queue.exchange]])
            if queue.dead_letter:
                await self._declare_exchanges(channel, [DEAD])
                await self._declare_queue(channel, DEAD_QUEUE)
            return await self._declare_queue(channel, queue)

    def forget(self, queue: Queue) -> None:
        """Declare it no more after a reconnect."""
        self._known.pop(queue.name, None)
        self._misfits.pop(queue.name, None)

    async def depth(self, queue: Queue) -> int:
        async with self._work(f"looking at queue {queue.name}") as channel:
            found = await channel.queue_declare(queue.name, passive=True)
            return found.message_count or 0

    async def purge(self, queue: Queue) -> int:
        async with self._work(f"emptying queue {queue.name}") as channel:
            purged = await channel.queue_purge(queue.name)
            return purged.message_count or 0

    @asynccontextmanager
    async def _work(self, doing: str) -> AsyncIterator[Channel]:
        async with as_unavailable(DECLARE_LIMIT_S, lambda: doing), self._one_at_a_time:
            yield await self._channel.get()

    def is_quorum(self, queue: Queue) -> bool:
        """Raises `BrokerUnavailable`."""
        version = str((self._link.amqp.server_properties or {}).get("version", ""))
        return has_quorum_priorities(version) and not queue.exclusive

    async def _declare_queue(self, channel: Channel, queue: Queue) -> int:
        try:
            found = await channel.queue_declare(
                queue.name,
                durable=queue.durable,
                exclusive=queue.exclusive,
                arguments=queue.arguments(quorum=self.is_quorum(queue)),
            )
        except ChannelPreconditionFailed as error:
            raise self._misfit(
                queue.name,
                f"The queue {queue.name} exists in RabbitMQ with other arguments. Please delete it: it will be "
                f"declared again, and what waited in it is published again from the store. RabbitMQ says: {error}",
            ) from error
        self._misfits.pop(queue.name, None)
        for key in queue.routing_keys:
            await channel.queue_bind(queue.name, queue.exchange, key)
        return found.consumer_count or 0

    async def _declare_exchanges(self, channel: Channel, exchanges: Iterable[Exchange]) -> None:
        for exchange in exchanges:
            try:
                await channel.exchange_declare(exchange.name, exchange_type=exchange.kind, durable=exchange.durable)
            except ChannelPreconditionFailed as error:
                raise self._misfit(
                    exchange.name,
                    f"The exchange {exchange.name} exists in RabbitMQ as another kind. Please delete it: it will be "
                    f"declared again. RabbitMQ says: {error}",
                ) from error
            self._misfits.pop(exchange.name, None)

    # ── what does not fit ────────────────────────────────────────────────────────────────────────────────────────────

    def _misfit(self, name: str, problem: str) -> TopologyMismatch:
        """Remember it for `mismatch`, until it has been declared."""
        if name not in self._misfits:
            log.warning("broker.topology_mismatch", name=name, problem=problem)
        self._misfits[name] = problem
        if self._waiting_for_room is None or self._waiting_for_room.done():
            self._waiting_for_room = self._tasks.spawn("broker topology", self._wait_for_room())
        return TopologyMismatch(problem, name=name)

    async def _wait_for_room(self) -> None:
        """Try again and again what an operator has to make room for."""
        while self._misfits:
            await asyncio.sleep(RETRY_S)
            with suppress(TokenlineError):
                await self.set_up()
        log.info("broker.topology_fits")
