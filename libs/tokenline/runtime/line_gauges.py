"""The line in numbers: gauges read off the ledger, and how wrong its predictions were."""

from tokenline.contracts import metrics as m
from tokenline.contracts.events import Event, LineEntry, TicketChanged
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import TicketState
from tokenline.runtime.ledger_feed import LedgerFeed
from tokenline.runtime.metrics import Metrics

MAX_PREDICTIONS = 100_000
"""Beyond it the oldest prediction is forgotten."""


class LineGauges:
    def __init__(self, feed: LedgerFeed, metrics: Metrics) -> None:
        self._feed = feed
        self._metrics = metrics
        self._predicted_at: dict[TicketId, float] = {}

    def read(self) -> None:
        """Set the gauges; called before a scrape."""
        ledger = self._feed.ledger
        for pool, line in ledger.pools.items():
            for priority, lane in enumerate(line.lanes):
                self._metrics.set(m.QUEUE_DEPTH, len(lane), pool, str(priority))
            self._metrics.set(m.QUEUE_HELD, line.held, pool)
            self._metrics.set(m.RUNNING, len(line.running), pool)
            self._metrics.set(m.WORKERS, len(ledger.workers_of(pool)), pool)
        if self._feed.drift is not None:
            self._metrics.set(m.LEDGER_DRIFT, self._feed.drift)

    def on_event(self, event: Event) -> None:
        """Predict when a ticket is queued; compare when its first token came."""
        if not isinstance(event, TicketChanged):
            return
        entry = event.entry
        if entry.state is TicketState.QUEUED:
            self._predict(entry)
        elif entry.first_token_at is not None:
            predicted = self._predicted_at.pop(entry.ticket_id, None)
            if predicted is not None:
                self._metrics.observe(m.ETA_ERROR, abs(entry.first_token_at - predicted), entry.pool)

    def _predict(self, entry: LineEntry) -> None:
        ledger = self._feed.ledger
        since = entry.queued_at or entry.created_at
        forecast = ledger.forecast(entry.pool, since)
        if forecast is None or entry.ticket_id in self._predicted_at:
            return
        self._predicted_at[entry.ticket_id] = since + forecast.at(ledger.position(entry), entry.priority).likely_s
        if len(self._predicted_at) > MAX_PREDICTIONS:
            del self._predicted_at[next(iter(self._predicted_at))]
