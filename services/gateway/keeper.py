"""Keeps promises that a crash broke or that time brings due. One gateway at a time does it."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from services.gateway.republish import Republisher
from tokenline.contracts.errors import QueueTimeout
from tokenline.contracts.ids import Pool
from tokenline.contracts.metrics import AGED, REPUBLISHED
from tokenline.contracts.topology import HIGHEST
from tokenline.core.ledger import Ledger
from tokenline.core.ports.store import Store
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics

log = structlog.get_logger()

LEASE = "keeper"
LEASE_S = 15.0
SWEEP_S = 5.0
BATCH = 500
GRACE_S = 2.0
"""Whoever ends a cause acts on it at once; the keeper comes after."""
GAP_S = 2 * SWEEP_S
"""So long without a sweep: the store was away, or this machine stood still."""
FORGOTTEN = 2000
"""Counters of limits that are dropped in one sweep: more than a flood of addresses can make between two."""
CLOCKS_S = 60.0
"""What clocks of gateways may differ: a counter is kept so long after it ran out."""
PATIENCE_S = 6.0
"""What workers get after a gap to renew their leases, which ran out in it, too; they try every second or every five."""


class Keeper:
    """Each step costs what is due, and ends in a compare-and-set: it may be repeated, or done by two at once."""

    def __init__(
        self,
        store: Store,
        line: Line,
        republisher: Republisher,
        ledger: Ledger,
        metrics: Metrics,
        holder: str,
        ageing_s: float,
        also: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        """``also``: what others have to do now and then, in one place at a time."""
        self._store = store
        self._line = line
        self._republisher = republisher
        self._ledger = ledger
        self._metrics = metrics
        self._holder = holder
        self._ageing_s = ageing_s
        self._also = also
        self._swept_at: float | None = None
        self._patient_until = 0.0

    async def sweep(self) -> None:
        """Do what is due, if this gateway is the keeper."""
        mine = await self._store.renew_lease(LEASE, self._holder, LEASE_S)
        now = await self._store.now()
        if self._swept_at is not None and now - self._swept_at > GAP_S:
            self._patient_until = now + PATIENCE_S
        self._swept_at = now
        if not mine:
            return
        await self._end_overdue(now)
        if now >= self._patient_until:
            await self._rescue_orphans()
        await self._resume_paused(now)
        await self._republisher.sweep()
        await self._age(now)
        await self._release(now)
        await self._store.forget_used(now - CLOCKS_S, FORGOTTEN)
        await self._store.tidy_search()
        for step in self._also:
            await step()

    async def leave(self) -> None:
        await self._store.drop_lease(LEASE, self._holder)

    async def _end_overdue(self, now: float) -> None:
        for ticket in await self._store.overdue_tickets(now, BATCH):
            await self._line.fail(ticket, QueueTimeout().info())

    async def _rescue_orphans(self) -> None:
        for ticket in await self._store.orphaned_tickets(BATCH):
            log.warning("ticket.orphaned", ticket_id=ticket.id, worker_id=ticket.worker_id, attempt=ticket.attempt)
            if await self._line.hand_back(ticket, lost=True) is not None:
                self._metrics.add(REPUBLISHED, "orphaned")

    async def _resume_paused(self, now: float) -> None:
        """The worker that paused them may be gone."""
        for ticket in await self._store.paused_tickets(now - GRACE_S, BATCH):
            if await self._line.hand_back(ticket) is not None:
                self._metrics.add(REPUBLISHED, "paused")

    async def _age(self, now: float) -> None:
        """A level for each interval that somebody waited below others (Q7); with nobody above, it would gain nothing.

        Up to where the first of them wait: so a keeper that comes late makes up for what its predecessor left undone.
        """
        for pool, line in list(self._ledger.pools.items()):
            if pool in self._ledger.paused:
                continue
            taken = [priority for priority, lane in enumerate(line.lanes) if lane]
            for priority in taken[:-1]:
                if priority < HIGHEST:
                    await self._age_level(pool, priority, min(taken[-1], HIGHEST), now)

    async def _age_level(self, pool: Pool, priority: int, top: int, now: float) -> None:
        for ticket in await self._store.starving_tickets(pool, priority, now - self._ageing_s, BATCH):
            since = ticket.level_at or now
            intervals = int((now - since) / self._ageing_s)
            level, earned_at = min(priority + intervals, top), since + intervals * self._ageing_s
            if await self._line.age(ticket, priority=level, earned_at=earned_at) is not None:
                self._metrics.add(AGED, pool)

    async def _release(self, now: float) -> None:
        for owner in await self._store.owners_to_release(now - GRACE_S, BATCH):
            await self._line.release(owner)
