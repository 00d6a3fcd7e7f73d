"""The whole line at one moment, sorted once and then only sliced. Pure."""

from bisect import bisect_right
from collections import defaultdict
from math import inf
from typing import NamedTuple

from tokenline.contracts.events import LineEntry
from tokenline.contracts.frames import Eta
from tokenline.contracts.ids import Pool
from tokenline.contracts.tickets import TicketState
from tokenline.core.eta import Forecast
from tokenline.core.ledger import Ledger, LineKey, line_key


class Row(NamedTuple):
    entry: LineEntry
    position: int | None
    """``None`` when it runs."""

    @property
    def key(self) -> LineKey:
        return line_key(self.entry)


Rows = list[Row]


class Snapshot:
    """Reads the ledger when made and never again. O(n log n); 10,000 tickets take about 15 ms."""

    def __init__(self, ledger: Ledger, now: float) -> None:
        self.at = now
        self.rows: Rows = []
        self.oldest: dict[Pool, float] = defaultdict(lambda: inf)
        """When the waiting ticket that was accepted first was accepted."""
        self.served = {worker.pool for worker in ledger.workers.values()}
        """Pools with a live worker."""
        self.paused = ledger.paused
        self._forecasts: dict[Pool, Forecast | None] = {pool: ledger.forecast(pool, now) for pool in ledger.pools}
        self._read(ledger)

    def _read(self, ledger: Ledger) -> None:
        queued, held = TicketState.QUEUED, TicketState.HELD
        before: dict[Pool, int] = defaultdict(int)
        position: int | None
        for entry in ledger.in_order():
            position, pool, state = None, entry.pool, entry.state
            if state is queued:
                # Queued ones come in order of dispatch, so counting is the rank, and cheaper than asking for each.
                position = before[pool]
                before[pool] = position + 1
                if entry.created_at < self.oldest[pool]:
                    self.oldest[pool] = entry.created_at
            elif state is held:
                position = ledger.position(entry)
            self.rows.append(Row(entry, position))

    def eta(self, row: Row) -> Eta | None:
        """For those in the queue; what is held waits for something that has no forecast."""
        if row.entry.state is not TicketState.QUEUED or row.position is None:
            return None
        return self.eta_at(row.entry.pool, row.position, row.entry.priority)

    def eta_at(self, pool: Pool, position: int, priority: int) -> Eta | None:
        forecast = self._forecasts.get(pool)
        return forecast.at(position, priority) if forecast is not None else None

    def age_s(self, created_at: float) -> float:
        return round(max(0.0, self.at - created_at), 1)


def after(rows: Rows, key: LineKey | None) -> int:
    """Index of the first row beyond ``key``, whether or not that ticket is still there; ``None``: the first."""
    return 0 if key is None else bisect_right(rows, key, key=lambda row: row.key)
