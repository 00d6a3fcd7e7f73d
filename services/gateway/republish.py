"""Publishes what the broker does not have: tickets it never confirmed, and tickets it confirmed and then lost (Q14)."""

from collections import Counter
from collections.abc import Iterable

import structlog

from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.ids import Pool, TicketId
from tokenline.contracts.metrics import REPUBLISHED
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.contracts.topology import ticket_queue
from tokenline.core.ledger import Ledger
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.store import Store
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics

log = structlog.get_logger()

CONFIRM_GRACE_S = 6.0
"""Longer than a publish may take, so that a confirm under way is not overtaken."""
BATCH = 500
MISSING_TOLERATED = 50
"""While tickets are claimed: those on their way between queue and claim, or counted a moment apart."""
SUSPECTED_SWEEPS = 2
AGAIN_SWEEPS = 12


class Republisher:
    """Publishing twice is harmless: only one offer of a ticket wins its claim.

    A pool is suspected when its queue holds clearly fewer messages than the line has published tickets, or, while
    nothing is claimed, fewer by more than workers can have in hand; and acted upon when the next sweep suspects it
    again. Meanwhile nothing else of it is published, so that its order is kept. A single ticket is suspected when a
    later one of its priority was taken before it: its message is gone, or in the hands of a worker that does nothing
    with it. No pool waits for another.
    """

    def __init__(self, store: Store, broker: Broker, line: Line, ledger: Ledger, metrics: Metrics) -> None:
        self._store = store
        self._broker = broker
        self._line = line
        self._ledger = ledger
        self._metrics = metrics
        self._suspects: set[Pool] = set()
        self._passed_over: dict[tuple[int, TicketId], int] = {}
        self._claimed: dict[Pool, list[int]] = {}

    async def sweep(self) -> None:
        """Costs two looks at the unconfirmed and one passive declaration per pool, while nothing is lost."""
        if not self._broker.connected:
            return
        now = await self._store.now()
        unpublished = await self._store.unpublished_tickets(now - CONFIRM_GRACE_S, BATCH)
        unconfirmed = Counter(ticket.pool for ticket in await self._store.unpublished_tickets(now, BATCH))
        suspects = {pool for pool in self._ledger.pools if await self._lacks_messages(pool, unconfirmed[pool])}
        lost = suspects & self._suspects
        self._suspects = suspects - lost
        due = [ticket for ticket in unpublished if ticket.pool not in suspects]
        for ticket in due:
            self._line.announce(ticket)  # who died before its publication was to tell of it, too
        await self._publish("unpublished", due)
        await self._publish_passed_over(lost)
        if lost:
            log.warning("tickets.lost_by_broker", pools=sorted(lost))
            queued = [t for t in await self._store.live_tickets() if t.pool in lost and t.state is TicketState.QUEUED]
            await self._publish("lost", sorted(queued, key=lambda ticket: (-ticket.priority, ticket.seq)))

    async def _publish_passed_over(self, lost: set[Pool]) -> None:
        """In the second sweep that finds it so, and seldom after: a message that is only late makes its double void."""
        found = {
            (entry.seq, entry.ticket_id)
            for pool in self._ledger.pools.keys() - lost
            for entry in self._ledger.passed_over(pool)
        }
        self._passed_over = {key: self._passed_over.get(key, 0) + 1 for key in found}
        due = sorted(key for key, sweeps in self._passed_over.items() if sweeps % AGAIN_SWEEPS == SUSPECTED_SWEEPS)
        tickets = [await self._store.get_ticket(ticket_id) for _, ticket_id in due]
        await self._publish("passed_over", [t for t in tickets if t is not None and t.state is TicketState.QUEUED])

    async def _lacks_messages(self, pool: Pool, unconfirmed: int) -> bool:
        line, slots = self._ledger.pool(pool), self._ledger.slots(pool)
        at_rest = self._claimed.get(pool) == line.claimed
        self._claimed[pool] = list(line.claimed)
        published = line.waiting - unconfirmed
        if published <= 0:
            return False
        try:
            missing = published - await self._broker.depth(ticket_queue(pool))
        except BrokerUnavailable:
            return False  # its queue is being declared, or belongs to an agent that is no more
        tolerated = slots if at_rest else max(MISSING_TOLERATED, 2 * slots)
        return missing == published or missing > tolerated

    async def _publish(self, cause: str, tickets: Iterable[Ticket]) -> None:
        refused: set[Pool] = set()
        for ticket in tickets:
            if ticket.pool in refused:
                continue
            if await self._line.publish(ticket):
                self._metrics.add(REPUBLISHED, cause)
            elif self._broker.blocked or not self._broker.connected:
                return
            else:
                refused.add(ticket.pool)
