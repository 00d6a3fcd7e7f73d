"""Prometheus metrics made from the table in `tokenline.contracts.metrics`."""

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest

from tokenline.contracts.metrics import Metric, MetricKind
from tokenline.runtime.metric_series import Counter, Gauge, Histogram


class Metrics:
    """One process's metrics, in a registry of its own so that tests can have many. Any thread may count."""

    def __init__(self, *metrics: Metric) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        for metric in metrics:
            self._registry.register(self._made(metric))

    def _made(self, metric: Metric) -> Counter | Gauge | Histogram:
        match metric.kind:
            case MetricKind.COUNTER:
                self._counters[metric.name] = counter = Counter(metric)
                return counter
            case MetricKind.GAUGE:
                self._gauges[metric.name] = gauge = Gauge(metric)
                return gauge
            case MetricKind.HISTOGRAM:
                self._histograms[metric.name] = histogram = Histogram(metric)
                return histogram

    def add(self, metric: Metric, *labels: str, by: float = 1) -> None:
        self._counters[metric.name].add(by, labels)

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        self._gauges[metric.name].set(value, labels)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        self._histograms[metric.name].observe(value, labels)

    def exposition(self) -> bytes:
        """The text Prometheus scrapes."""
        return generate_latest(self._registry)
