"""A consumer that outlives its channels."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from aiormq import spec
from aiormq.abc import DeliveredMessage
from pamqp.common import FieldTable

from tokenline.adapters.broker_rabbitmq.contents import Contents
from tokenline.adapters.broker_rabbitmq.delivery import Hold, RabbitDelivery, SettledDelivery
from tokenline.adapters.broker_rabbitmq.failures import as_unavailable
from tokenline.adapters.broker_rabbitmq.link import RETRY_S, Link
from tokenline.adapters.broker_rabbitmq.topology import Topology
from tokenline.adapters.broker_rabbitmq.wire import beginning
from tokenline.adapters.owned_tasks import OwnedTasks
from tokenline.contracts.errors import BrokerUnavailable, TokenlineError
from tokenline.contracts.topology import Queue
from tokenline.core.ports.broker import Handler

SET_UP_LIMIT_S = 10.0
CHECK_EVERY_S = 1.0
"""Nobody tells a consumer that its exchange, and with it its bindings, were deleted."""

MISSING_CHECKS = 2
"""Rebuild after this many checks in a row in which the broker listed no consumer."""

TELL_OF_DELETION: FieldTable = {"x-cancel-on-ha-failover": True}
"""When a queue is deleted and declared again before the consumer's channel hears of it, RabbitMQ 3.10 tries to consume
on by itself, and then loses what the new queue delivers. With this the consumer is cancelled, and we are told. Quorum
queues refuse it."""

_DELIVER = beginning(spec.Basic.Deliver)

log = structlog.get_logger()


async def _nothing_left(_: DeliveredMessage) -> None:
    """What the library gives its deliveries to: there are none, since they are taken before it reads them."""


class RabbitConsumption:
    def __init__(
        self,
        link: Link,
        topology: Topology,
        tasks: OwnedTasks,
        queue: Queue,
        handler: Handler,
        prefetch: int,
        on_restored: Callable[[], Awaitable[None]] | None,
    ) -> None:
        self._link = link
        self._topology = topology
        self._tasks = tasks
        self._queue = queue
        self._handler = handler
        self._prefetch = prefetch
        self._on_restored = on_restored
        self._hold: Hold | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._problem = ""

    async def begin(self) -> None:
        """Raises `BrokerUnavailable` and `TopologyMismatch`; once it has returned, failures are repaired."""
        await self._establish()
        self._keeper = self._tasks.spawn(f"consume {self._queue.name}", self._keep())

    async def cancel(self) -> None:
        if self._keeper is None:
            return
        keeper, self._keeper = self._keeper, None
        await self._tasks.end(keeper)
        self._topology.forget(self._queue)
        if (hold := self._hold) is None or hold.lost.is_set():
            return
        ending = self._close  # given up, so is its channel, and what it has in hand is delivered again
        try:
            async with as_unavailable(SET_UP_LIMIT_S, lambda: f"cancelling the consumer of {self._queue.name}"):
                await hold.lane.ask(hold.lane.channel.basic_cancel(hold.consumer_tag))
            ending = self._leave
        except BrokerUnavailable as error:
            log.debug("broker.consumer_not_cancelled", queue=self._queue.name, problem=error.message)
        finally:
            self._tasks.spawn(f"leave {self._queue.name}", ending(hold))

    # ── one channel ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _establish(self) -> None:
        await self._topology.ensure(self._queue)
        async with as_unavailable(SET_UP_LIMIT_S, lambda: f"consuming from {self._queue.name}"):
            lane = await self._link.lane(confirms=False)
            hold = Hold(lane, consumer_tag=f"{self._link.name}.{lane.channel.number}")
            try:
                await self._consume(hold)
            except BaseException:
                self._tasks.spawn(f"drop channel of {self._queue.name}", self._close(hold))
                raise
        self._hold = hold

    async def _consume(self, hold: Hold) -> None:
        channel = hold.lane.channel
        channel.closing.add_done_callback(hold.lose)
        channel.on_consumer_cancel_callbacks.add(hold.lose)
        hold.lane.reader = Contents(_DELIVER, partial(self._receive, hold)).read
        await channel.basic_qos(prefetch_count=self._prefetch)
        # What an exclusive queue held is lost with its connection anyway: an acknowledgement would buy nothing.
        consuming = channel.basic_consume(
            self._queue.name,
            _nothing_left,
            no_ack=self._queue.exclusive,
            arguments=None if self._topology.is_quorum(self._queue) else TELL_OF_DELETION,
            consumer_tag=hold.consumer_tag,
        )
        await hold.lane.ask(consuming)

    def _receive(self, hold: Hold, method: bytes, header: bytes, body: bytes) -> None:
        """Only what the handler has to wait for becomes a task: one of ours, which outlives the channel."""
        if hold.lane.closed and not self._queue.exclusive:
            return  # nobody could settle it, and so it is delivered again
        delivery = SettledDelivery(body) if self._queue.exclusive else hold.take(method, header, body)
        try:
            waiting = self._handler(delivery)
        except Exception:
            self._failed(delivery)
            return
        if waiting is not None:
            self._tasks.spawn(f"handle {self._queue.name}", self._finish(delivery, waiting))

    async def _finish(self, delivery: RabbitDelivery | SettledDelivery, waiting: Awaitable[None]) -> None:
        try:
            await waiting
        except Exception:
            self._failed(delivery)

    def _failed(self, delivery: RabbitDelivery | SettledDelivery) -> None:
        log.exception("broker.handler_failed", queue=self._queue.name)
        delivery.reject_now()

    async def _leave(self, hold: Hold) -> None:
        """Close the channel when its last message is settled; before that they would be delivered again."""
        waits = [asyncio.ensure_future(hold.empty.wait()), asyncio.ensure_future(hold.lost.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        await self._close(hold)

    async def _close(self, hold: Hold) -> None:
        try:
            async with as_unavailable(SET_UP_LIMIT_S, lambda: f"closing a channel of {self._queue.name}"):
                await hold.lane.close()
        except BrokerUnavailable as error:
            log.debug("broker.channel_not_closed", queue=self._queue.name, problem=error.message)

    # ── watching and restoring ───────────────────────────────────────────────────────────────────────────────────────

    async def _keep(self) -> None:
        while True:
            if (hold := self._hold) is not None:
                await self._watch(hold)
                log.warning("broker.consumer_lost", queue=self._queue.name)
                await self._close(hold)
            await self._restore()
            log.info("broker.consumer_restored", queue=self._queue.name)
            await self._tell_restored()

    async def _watch(self, hold: Hold) -> None:
        """Returns when the consumer is gone. Meanwhile puts back what was deleted around it."""
        missing = 0
        while missing < MISSING_CHECKS:
            try:
                async with asyncio.timeout(CHECK_EVERY_S):
                    await hold.lost.wait()
            except TimeoutError:
                missing = 0 if await self._listed() else missing + 1
            else:
                return

    async def _listed(self) -> bool:
        """Whether the broker knows a consumer of the queue; True when it does not say."""
        try:
            consumers = await self._topology.ensure(self._queue)
        except TokenlineError as error:
            self._note(error.message)
            return True
        self._problem = ""
        return consumers > 0

    async def _restore(self) -> None:
        while True:
            await self._link.wait_up()
            try:
                await self._establish()
            except TokenlineError as error:
                self._note(error.message)
            else:
                self._problem = ""
                return
            await asyncio.sleep(RETRY_S)

    def _note(self, problem: str) -> None:
        """Logged once per change, not once per second."""
        if problem != self._problem:
            log.warning("broker.consumer_trouble", queue=self._queue.name, problem=problem)
        self._problem = problem

    async def _tell_restored(self) -> None:
        if self._on_restored is None:
            return
        try:
            await self._on_restored()
        except Exception:
            log.exception("broker.on_restored_failed", queue=self._queue.name)
