"""Keeps a ledger true: subscribe, then load the live tickets, then apply events; compare again and again."""

from collections.abc import Callable

import structlog
from msgspec.structs import replace

from tokenline.contracts.events import (
    Event,
    PoolPaused,
    TicketChanged,
    WorkerGone,
    WorkerSeen,
    unpack_events,
)
from tokenline.contracts.topology import event_queue
from tokenline.core.clock import Clock
from tokenline.core.ledger import Ledger
from tokenline.core.ports.broker import Broker, Consumption, Delivery
from tokenline.core.ports.store import TicketStore
from tokenline.core.ticket import line_entry
from tokenline.runtime.supervisor import Supervisor

log = structlog.get_logger()

RECONCILE_S = 30.0
EVENT_PREFETCH = 1000

Listener = Callable[[Event], None]
"""Called after the ledger took the event in; must not block."""


class LedgerFeed:
    """``drift`` is how many tickets were out of step at the last comparison; ``None`` before the first."""

    def __init__(self, store: TicketStore, broker: Broker, clock: Clock, *, listener: str) -> None:
        self.ledger = Ledger()
        self.drift: int | None = None
        self.on_event: list[Listener] = []
        self.on_reload: list[Callable[[], None]] = []
        self._store = store
        self._broker = broker
        self._clock = clock
        self._queue = event_queue(listener, "ticket.*", "worker.*", "pool.*", "attachment.*", "conversation.*")
        self._consumption: Consumption | None = None

    @property
    def listening(self) -> bool:
        """Whether it was subscribed: what is told before that is not heard."""
        return self._consumption is not None

    async def start(self, supervisor: Supervisor) -> None:
        """Load the ledger, and compare it from time to time. Needs the store only."""
        await self.reload()
        supervisor.forever("ledger.compare", self.compare, every_s=RECONCILE_S)
        supervisor.forever("ledger.workers", self._lose_silent_workers, every_s=1.0)

    async def subscribe(self) -> None:
        """Hear events from here on; the broker must be connected. What happened before is loaded once more."""
        self._consumption = await self._broker.consume(
            self._queue, self._receive, prefetch=EVENT_PREFETCH, on_restored=self._restored
        )
        await self.reload()

    async def _restored(self) -> None:
        """What happened while the broker was away was not heard."""
        await self.reload()

    async def stop(self) -> None:
        if self._consumption is not None:
            await self._consumption.cancel()

    async def reload(self) -> int:
        """Read all live tickets; returns the drift that was repaired."""
        known_before = self.ledger.versions()
        live = await self._store.live_tickets()
        drift = self.ledger.reconcile(map(line_entry, live), known_before)
        self.ledger.paused = await self._store.paused_pools()
        for tell in self.on_reload:
            tell()
        return drift

    async def compare(self) -> None:
        self.drift = await self.reload()
        if self.drift:
            log.info("ledger.drifted", tickets=self.drift)

    async def _lose_silent_workers(self) -> None:
        self.ledger.lose_silent_workers(self._clock.now())

    def _receive(self, delivery: Delivery) -> None:
        for event in unpack_events(delivery.body):
            self.take(event)

    def take(self, event: Event) -> None:
        """Apply one event and tell the listeners."""
        match event:
            case TicketChanged(entry=entry):
                if not self.ledger.apply(entry):
                    return
            case WorkerSeen():
                # Judged by when it was heard, since a worker's own clock may be wrong.
                self.ledger.see_worker(replace(event, at=self._clock.now()))
            case WorkerGone(worker_id=worker_id):
                self.ledger.lose_worker(worker_id)
            case PoolPaused(pool=pool, paused=paused):
                self.ledger.paused = self.ledger.paused | {pool} if paused else self.ledger.paused - {pool}
        for tell in self.on_event:
            tell(event)
