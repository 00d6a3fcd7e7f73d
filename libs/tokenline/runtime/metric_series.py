"""What is counted of each metric, in the form in which the client library asks a collector for it.

An answer is counted some twenty times on its way, and the library's own counters cost several times as much.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left
from itertools import accumulate
from math import inf
from threading import Lock
from typing import Generic, TypeVar

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from tokenline.contracts.metrics import Metric

Labels = tuple[str, ...]

V = TypeVar("V")


class Series(Collector, ABC, Generic[V]):
    """One metric's figures by label values: one begins when it is first counted, or at once where there are no labels.

    Any thread may count: each change is made under a lock, as is each reading. Raises `ValueError` where the number of
    labels is not the metric's.
    """

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._lock = Lock()
        self._figures: dict[Labels, V] = {}
        if not metric.labels:
            self._begin(())

    def describe(self) -> list[Family]:
        """What it is, without figures; tells the registry which names are taken."""
        return [self._family({})]

    def collect(self) -> list[Family]:
        """What it is, and every figure."""
        with self._lock:
            return [self._family(self._figures)]

    def _begin(self, labels: Labels) -> V:
        if len(labels) != len(self._metric.labels):
            raise ValueError(f"{self._metric.name} has the labels {self._metric.labels}, not {labels}")
        self._figures[labels] = begun = self._zero()
        return begun

    @abstractmethod
    def _zero(self) -> V: ...

    @abstractmethod
    def _family(self, figures: dict[Labels, V]) -> Family: ...


class Figures(Series[float]):
    """One number for each."""

    _kind: type[CounterMetricFamily | GaugeMetricFamily]

    def _zero(self) -> float:
        return 0.0

    def _family(self, figures: dict[Labels, float]) -> Family:
        family = self._kind(self._metric.name, self._metric.help, labels=self._metric.labels)
        for labels, figure in figures.items():
            family.add_metric(labels, figure)
        return family


class Counter(Figures):
    _kind = CounterMetricFamily

    def add(self, by: float, labels: Labels) -> None:
        """Raises `ValueError` where ``by`` is below 0."""
        if by < 0:
            raise ValueError(f"{self._metric.name} only grows")
        with self._lock:
            figure = self._figures.get(labels)
            self._figures[labels] = (self._begin(labels) if figure is None else figure) + by


class Gauge(Figures):
    _kind = GaugeMetricFamily

    def set(self, value: float, labels: Labels) -> None:
        with self._lock:
            if labels not in self._figures:
                self._begin(labels)
            self._figures[labels] = value


class Seen:
    """Observed values: how many in each bucket, and their sum."""

    __slots__ = ("counts", "total")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * buckets
        self.total = 0.0


class Histogram(Series[Seen]):
    """A value is in the first bucket whose bound it does not exceed."""

    def __init__(self, metric: Metric) -> None:
        self._bounds = [*map(float, metric.buckets), inf]
        self._names = [floatToGoString(bound) for bound in self._bounds]
        super().__init__(metric)

    def observe(self, value: float, labels: Labels) -> None:
        with self._lock:
            seen = self._figures.get(labels) or self._begin(labels)
            seen.counts[bisect_left(self._bounds, value)] += 1
            seen.total += value

    def _zero(self) -> Seen:
        return Seen(len(self._bounds))

    def _family(self, figures: dict[Labels, Seen]) -> Family:
        family = HistogramMetricFamily(self._metric.name, self._metric.help, labels=self._metric.labels)
        for labels, seen in figures.items():
            family.add_metric(labels, list(zip(self._names, accumulate(seen.counts), strict=True)), seen.total)
        return family
