"""Keeps promises that a crash broke: unpublished, overdue, orphaned and held tickets. One gateway at a time does it."""

import structlog

from tokenline.contracts.errors import QueueTimeout
from tokenline.contracts.ids import Pool
from tokenline.contracts.metrics import REPUBLISHED
from tokenline.contracts.tickets import TicketState
from tokenline.contracts.topology import ticket_queue
from tokenline.core.clock import Clock
from tokenline.core.ledger import Ledger
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.store import Store
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics

log = structlog.get_logger()

LEASE = "keeper"
LEASE_S = 15.0
SWEEP_S = 5.0
CONFIRM_GRACE_S = 6.0
"""Longer than a publish may take, so that a confirm under way is not overtaken."""
BATCH = 500
MISSING_TOLERATED = 50
"""Tickets on their way between queue and claim, or counted a moment apart."""


class Keeper:
    """Every step is safe to repeat, and safe beside another keeper: each ends in a compare-and-set."""

    def __init__(
        self, store: Store, broker: Broker, line: Line, clock: Clock, metrics: Metrics, ledger: Ledger, holder: str
    ) -> None:
        self._store = store
        self._broker = broker
        self._line = line
        self._clock = clock
        self._metrics = metrics
        self._ledger = ledger
        self._holder = holder
        self._suspects: set[Pool] = set()

    async def sweep(self) -> None:
        """Do what is due, if this gateway is the keeper."""
        if not await self._store.renew_lease(LEASE, self._holder, LEASE_S):
            return
        await self._end_overdue()
        await self._rescue_orphans()
        await self._publish_unpublished()
        await self._publish_lost()
        for owner in await self._store.owners_with_held_tickets():
            await self._line.release(owner)

    async def leave(self) -> None:
        await self._store.drop_lease(LEASE, self._holder)

    async def _publish_unpublished(self) -> None:
        if not self._broker.connected:
            return
        before = self._clock.now() - CONFIRM_GRACE_S
        for ticket in await self._store.unpublished_tickets(before, BATCH):
            if not await self._line.publish(ticket):
                return
            self._metrics.add(REPUBLISHED, "unpublished")

    async def _publish_lost(self) -> None:
        """Publish again, in their order, what the broker confirmed and then lost (a wiped disk, a purged queue).

        A pool is suspected when its queue holds clearly fewer messages than the line has tickets. Only a suspicion that
        two sweeps confirm is acted upon: between delivery and claim a ticket is in neither count. A ticket published
        twice is harmless.
        """
        if not self._broker.connected:
            return
        suspects = {pool for pool in self._ledger.pools if await self._lacks_messages(pool)}
        confirmed, self._suspects = suspects & self._suspects, suspects - self._suspects
        if not confirmed:
            return
        lost = [t for t in await self._store.live_tickets() if t.pool in confirmed and t.state is TicketState.QUEUED]
        for ticket in sorted(lost, key=lambda t: (-t.priority, t.seq)):
            if not await self._line.publish(ticket):
                return
            self._metrics.add(REPUBLISHED, "lost")
        log.warning("tickets.lost_by_broker", pools=sorted(confirmed), tickets=len(lost))

    async def _lacks_messages(self, pool: Pool) -> bool:
        waiting = self._ledger.pool(pool).waiting
        if not waiting:
            return False
        missing = waiting - await self._broker.depth(ticket_queue(pool))
        return missing == waiting or missing > max(MISSING_TOLERATED, 2 * self._ledger.slots(pool))

    async def _end_overdue(self) -> None:
        for ticket in await self._store.overdue_tickets(self._clock.now(), BATCH):
            await self._line.fail(ticket, QueueTimeout().info())

    async def _rescue_orphans(self) -> None:
        for ticket in await self._store.orphaned_tickets(BATCH):
            log.warning("ticket.orphaned", ticket_id=ticket.id, worker_id=ticket.worker_id, attempt=ticket.attempt)
            if await self._line.hand_back(ticket) is not None:
                self._metrics.add(REPUBLISHED, "orphaned")
