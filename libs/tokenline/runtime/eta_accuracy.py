"""How right the forecasts were: what a ticket was told on joining the line against what came."""

from collections import OrderedDict
from typing import NamedTuple

from tokenline.contracts import metrics as m
from tokenline.contracts.events import Event, LineEntry, TicketChanged
from tokenline.contracts.frames import Eta
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import TicketState
from tokenline.core.clock import Clock
from tokenline.core.ticket import TERMINAL
from tokenline.runtime.ledger_feed import LedgerFeed
from tokenline.runtime.metrics import Metrics

MAX_TOLD = 100_000
"""Beyond it the oldest is forgotten."""


class _Told(NamedTuple):
    at: float
    eta: Eta


class EtaAccuracy:
    """Hears every event after the ledger took it in."""

    def __init__(self, feed: LedgerFeed, metrics: Metrics, clock: Clock) -> None:
        self._feed = feed
        self._metrics = metrics
        self._clock = clock
        self._told: OrderedDict[TicketId, _Told] = OrderedDict()

    def on_event(self, event: Event) -> None:
        if not isinstance(event, TicketChanged):
            return
        entry = event.entry
        if entry.state is TicketState.QUEUED:
            self._tell(entry)
        elif entry.first_token_at is not None:
            told = self._told.pop(entry.ticket_id, None)
            if told is not None:
                self._judge(entry.pool, told.eta, entry.first_token_at - told.at)
        elif entry.state in TERMINAL:
            self._told.pop(entry.ticket_id, None)

    def _tell(self, entry: LineEntry) -> None:
        """Once: a ticket that waits again, after a crash, is still held to what it was told first."""
        if entry.ticket_id in self._told:
            return
        ledger, now = self._feed.ledger, self._clock.now()
        forecast = ledger.forecast(entry.pool, now)
        if forecast is None:
            return
        self._told[entry.ticket_id] = _Told(now, forecast.at(ledger.position(entry), entry.priority))
        if len(self._told) > MAX_TOLD:
            self._told.popitem(last=False)

    def _judge(self, pool: str, eta: Eta, wait_s: float) -> None:
        self._metrics.observe(m.ETA_ERROR, abs(wait_s - eta.likely_s), pool)
        outcome = "sooner" if wait_s < eta.soonest_s else "within" if wait_s <= eta.worst_s else "later"
        self._metrics.add(m.ETA_RANGE, pool, outcome)
