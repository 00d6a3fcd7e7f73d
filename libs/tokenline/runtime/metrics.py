"""Prometheus metrics made from the table in `tokenline.contracts.metrics`."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from tokenline.contracts.metrics import Metric, MetricKind

disable_created_metrics()


class Metrics:
    """One process's metrics, in a registry of its own so that tests can have many."""

    def __init__(self, *metrics: Metric) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        for metric in metrics:
            self._make(metric)

    def _make(self, metric: Metric) -> None:
        name, text, labels, registry = metric.name, metric.help, metric.labels, self._registry
        match metric.kind:
            case MetricKind.COUNTER:
                self._counters[name] = Counter(name, text, labels, registry=registry)
            case MetricKind.GAUGE:
                self._gauges[name] = Gauge(name, text, labels, registry=registry)
            case MetricKind.HISTOGRAM:
                self._histograms[name] = Histogram(name, text, labels, registry=registry, buckets=metric.buckets)

    def add(self, metric: Metric, *labels: str, by: float = 1) -> None:
        made = self._counters[metric.name]
        (made.labels(*labels) if labels else made).inc(by)

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        made = self._gauges[metric.name]
        (made.labels(*labels) if labels else made).set(value)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        made = self._histograms[metric.name]
        (made.labels(*labels) if labels else made).observe(value)

    def exposition(self) -> bytes:
        """The text Prometheus scrapes."""
        return generate_latest(self._registry)
