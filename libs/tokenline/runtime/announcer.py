"""Tells everybody what happened. A lost event costs at most a late picture: the ledger is compared with the store."""

import asyncio

import structlog

from tokenline.contracts.base import pack
from tokenline.contracts.events import Event, TicketChanged, routing_key
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.topology import EVENTS
from tokenline.core.ports.broker import Broker
from tokenline.core.ticket import line_entry

log = structlog.get_logger()

TICK_S = 0.005


class Announcer:
    """The first event goes at once; what follows within the tick goes together, in its order.

    The buffer holds one tick's worth: what the broker does not take is thrown away tick by tick.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._waiting: dict[str, list[Event]] = {}
        self._not_before = 0.0
        self._telling: asyncio.Task[None] | None = None

    def announce(self, first: Event, *more: Event) -> None:
        """Several in one call travel in one message, under the first one's key."""
        self._waiting.setdefault(routing_key(first), []).extend((first, *more))
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell(), name="announcer")
            self._telling.add_done_callback(self._told)

    def ticket(self, ticket: Ticket) -> None:
        self.announce(TicketChanged(entry=line_entry(ticket)))

    async def flush(self) -> None:
        """Wait until all is told; before the broker is closed."""
        while self._telling is not None:
            await asyncio.wait([self._telling])

    async def _tell(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                # Not after telling: that timer would wake a sleeping process though mostly nothing follows.
                if (wait_s := self._not_before - loop.time()) > 0:
                    await asyncio.sleep(wait_s)
                waiting, self._waiting = self._waiting, {}
                for key, events in waiting.items():
                    await self._broker.tell(EVENTS.name, key, pack(events))
                self._not_before = loop.time() + TICK_S
        finally:
            # Not when the task is seen to be done: what is announced in between would wait for the next one.
            self._telling = None

    def _told(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("announcer.failed", exc_info=error)
