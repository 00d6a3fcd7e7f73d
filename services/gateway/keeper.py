"""Keeps promises that a crash broke: unpublished, overdue, orphaned and held tickets. One gateway at a time does it."""

import structlog

from services.gateway.republish import Republisher
from tokenline.contracts.errors import QueueTimeout
from tokenline.contracts.metrics import REPUBLISHED
from tokenline.core.clock import Clock
from tokenline.core.ports.store import Store
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics

log = structlog.get_logger()

LEASE = "keeper"
LEASE_S = 15.0
SWEEP_S = 5.0
BATCH = 500


class Keeper:
    """Every step is safe to repeat, and safe beside another keeper: each ends in a compare-and-set."""

    def __init__(
        self, store: Store, line: Line, republisher: Republisher, clock: Clock, metrics: Metrics, holder: str
    ) -> None:
        self._store = store
        self._line = line
        self._republisher = republisher
        self._clock = clock
        self._metrics = metrics
        self._holder = holder

    async def sweep(self) -> None:
        """Do what is due, if this gateway is the keeper."""
        if not await self._store.renew_lease(LEASE, self._holder, LEASE_S):
            return
        await self._end_overdue()
        await self._rescue_orphans()
        await self._republisher.sweep()
        for owner in await self._store.owners_with_held_tickets():
            await self._line.release(owner)

    async def leave(self) -> None:
        await self._store.drop_lease(LEASE, self._holder)

    async def _end_overdue(self) -> None:
        for ticket in await self._store.overdue_tickets(self._clock.now(), BATCH):
            await self._line.fail(ticket, QueueTimeout().info())

    async def _rescue_orphans(self) -> None:
        for ticket in await self._store.orphaned_tickets(BATCH):
            log.warning("ticket.orphaned", ticket_id=ticket.id, worker_id=ticket.worker_id, attempt=ticket.attempt)
            if await self._line.hand_back(ticket) is not None:
                self._metrics.add(REPUBLISHED, "orphaned")
