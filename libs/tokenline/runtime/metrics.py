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
        self._made = {metric.name: self._make(metric) for metric in metrics}

    def _make(self, metric: Metric) -> Counter | Gauge | Histogram:
        match metric.kind:
            case MetricKind.COUNTER:
                return Counter(metric.name, metric.help, metric.labels, registry=self._registry)
            case MetricKind.GAUGE:
                return Gauge(metric.name, metric.help, metric.labels, registry=self._registry)
            case MetricKind.HISTOGRAM:
                return Histogram(
                    metric.name, metric.help, metric.labels, registry=self._registry, buckets=metric.buckets
                )

    def add(self, metric: Metric, *labels: str, by: float = 1) -> None:
        made = self._made[metric.name]
        assert isinstance(made, Counter)
        (made.labels(*labels) if labels else made).inc(by)

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        made = self._made[metric.name]
        assert isinstance(made, Gauge)
        (made.labels(*labels) if labels else made).set(value)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        made = self._made[metric.name]
        assert isinstance(made, Histogram)
        (made.labels(*labels) if labels else made).observe(value)

    def exposition(self) -> bytes:
        """The text Prometheus scrapes."""
        return generate_latest(self._registry)
