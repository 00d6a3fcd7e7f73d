"""The pools at a glance, from the ledger and from what the events told of late. Pure."""

from collections.abc import Iterable

from services.admin_dashboard.recent import Recent, percentile
from services.admin_dashboard.snapshot import Snapshot
from tokenline.contracts.accounts import ORDINARY_TIER
from tokenline.contracts.admin import PoolCard, WorkerRow
from tokenline.contracts.events import Event, LineEntry, TicketChanged
from tokenline.contracts.ids import Pool
from tokenline.core.ledger import Ledger

RATE_SPAN_S = 60.0
MOST_COUNTED = 100_000
WAIT_SPAN_S = 300.0
MOST_WAITS = 2_000


class PoolTraffic:
    """What moved through one pool of late."""

    def __init__(self) -> None:
        self.arrivals = Recent(RATE_SPAN_S, MOST_COUNTED)
        self.services = Recent(RATE_SPAN_S, MOST_COUNTED)
        """Runs that ended, whatever the outcome."""
        self.waits = Recent(WAIT_SPAN_S, MOST_WAITS)

    def take(self, entry: LineEntry, now: float) -> None:
        self.arrivals.add(entry.ticket_id, entry.created_at, now)
        if entry.started_at is not None and entry.attempt == 1:
            wait_s = max(0.0, entry.started_at - entry.created_at)
            self.waits.add(entry.ticket_id, entry.started_at, now, wait_s)
        if entry.started_at is not None and entry.finished_at is not None:
            self.services.add(entry.ticket_id, entry.finished_at, now)


class BoardModel:
    """``pools`` are shown even while nothing is known of them."""

    def __init__(self, ledger: Ledger, pools: Iterable[Pool]) -> None:
        self._ledger = ledger
        self._always = frozenset(pools)
        self._traffic: dict[Pool, PoolTraffic] = {}

    def take(self, event: Event, now: float) -> None:
        if isinstance(event, TicketChanged):
            self._of(event.entry.pool).take(event.entry, now)

    def catch_up(self, now: float) -> None:
        """After the ledger was compared with the store: count what no event told."""
        for entry in self._ledger.entries.values():
            self._of(entry.pool).take(entry, now)

    def served(self) -> frozenset[Pool]:
        """Pools of an agent or a live worker."""
        return self._always | {worker.pool for worker in self._ledger.workers.values()}

    def pools(self) -> list[Pool]:
        return sorted(self.served() | self._ledger.pools.keys())

    def cards(self, snapshot: Snapshot) -> tuple[PoolCard, ...]:
        return tuple(self._card(pool, snapshot) for pool in self.pools())

    def workers(self, now: float) -> tuple[WorkerRow, ...]:
        """By pool and name."""
        return tuple(
            WorkerRow(
                worker_id=worker.worker_id,
                pool=worker.pool,
                slots=worker.slots,
                busy=worker.busy,
                draining=worker.draining,
                seen_s_ago=round(max(0.0, now - worker.at), 1),
            )
            for worker in sorted(self._ledger.workers.values(), key=lambda w: (w.pool, w.worker_id))
        )

    def _card(self, pool: Pool, snapshot: Snapshot) -> PoolCard:
        line, traffic, now = self._ledger.pool(pool), self._of(pool), snapshot.at
        waits = sorted(traffic.waits.values(now))
        return PoolCard(
            pool=pool,
            waiting=line.waiting,
            depth_by_priority={str(priority): len(lane) for priority, lane in enumerate(line.lanes) if len(lane)},
            held=line.held,
            running=len(line.running),
            slots=self._ledger.slots(pool),
            workers=len(self._ledger.workers_of(pool)),
            paused=pool in self._ledger.paused,
            wait_p50_s=_rounded(percentile(waits, 0.5)),
            wait_p95_s=_rounded(percentile(waits, 0.95)),
            arrivals_per_min=traffic.arrivals.count(now) * 60 / RATE_SPAN_S,
            services_per_min=traffic.services.count(now) * 60 / RATE_SPAN_S,
            eta=snapshot.eta_at(pool, line.back(ORDINARY_TIER), ORDINARY_TIER),
            oldest_age_s=snapshot.age_s(snapshot.oldest[pool]) if pool in snapshot.oldest else None,
        )

    def _of(self, pool: Pool) -> PoolTraffic:
        if pool not in self._traffic:
            self._traffic[pool] = PoolTraffic()
        return self._traffic[pool]


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
