"""The line in numbers: gauges read off the ledger."""

from tokenline.contracts import metrics as m
from tokenline.runtime.ledger_feed import LedgerFeed
from tokenline.runtime.metrics import Metrics


class LineGauges:
    def __init__(self, feed: LedgerFeed, metrics: Metrics) -> None:
        self._feed = feed
        self._metrics = metrics

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
