"""What Prometheus is told is, to the letter, what its client library would tell of the same counts."""

import sys
import threading
from collections.abc import Iterator
from typing import Any

import prometheus_client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import DuplicateTimeseries

from tokenline.contracts import metrics as m
from tokenline.contracts.metrics import Metric, MetricKind
from tokenline.runtime.metrics import Metrics


@pytest.fixture(autouse=True, scope="module")
def without_created() -> Iterator[None]:
    """The library would also tell when each series began, which we never did."""
    prometheus_client.disable_created_metrics()
    yield
    prometheus_client.enable_created_metrics()


class Reference:
    """The same metrics, counted by the library itself."""

    def __init__(self, *metrics: Metric) -> None:
        self._registry = CollectorRegistry()
        self._made: dict[str, Any] = {metric.name: self._make(metric) for metric in metrics}

    def _make(self, metric: Metric) -> object:
        known = (metric.name, metric.help, metric.labels)
        match metric.kind:
            case MetricKind.COUNTER:
                return prometheus_client.Counter(*known, registry=self._registry)
            case MetricKind.GAUGE:
                return prometheus_client.Gauge(*known, registry=self._registry)
            case MetricKind.HISTOGRAM:
                return prometheus_client.Histogram(*known, registry=self._registry, buckets=metric.buckets)

    def count(self, metric: Metric, value: float, labels: tuple[str, ...]) -> None:
        made = self._made[metric.name]
        series = made.labels(*labels) if labels else made
        match metric.kind:
            case MetricKind.COUNTER:
                series.inc(value)
            case MetricKind.GAUGE:
                series.set(value)
            case MetricKind.HISTOGRAM:
                series.observe(value)

    def told(self) -> str:
        return generate_latest(self._registry).decode()


def count(metrics: Metrics, metric: Metric, value: float, labels: tuple[str, ...]) -> None:
    match metric.kind:
        case MetricKind.COUNTER:
            metrics.add(metric, *labels, by=value)
        case MetricKind.GAUGE:
            metrics.set(metric, value, *labels)
        case MetricKind.HISTOGRAM:
            metrics.observe(metric, value, *labels)


def told(metrics: Metrics) -> str:
    """Without what it says of the process."""
    return "".join(f"{line}\n" for line in metrics.exposition().decode().split("\n") if "tokenline_" in line)


def a_value(metric: Metric) -> st.SearchStrategy[float]:
    if metric.kind is MetricKind.COUNTER:
        return st.integers(0, 10**9) | st.floats(0, 1e18)
    if metric.kind is MetricKind.GAUGE:
        return st.booleans() | st.integers() | st.floats()
    return st.sampled_from(metric.buckets) | st.floats(0, 2 * metric.buckets[-1]) | st.floats(allow_nan=False)


def a_count(metric: Metric) -> st.SearchStrategy[tuple[Metric, float, tuple[str, ...]]]:
    label = st.sampled_from(["default", "other", '"', "\\", "\n"]) | st.text(max_size=3)
    return st.tuples(st.just(metric), a_value(metric), st.tuples(*(label for _ in metric.labels)))


@given(st.lists(st.sampled_from(m.ALL).flatmap(a_count), max_size=60))
def test_it_is_the_same_text_whatever_was_counted(counts: list[tuple[Metric, float, tuple[str, ...]]]) -> None:
    metrics, reference = Metrics(*m.ALL), Reference(*m.ALL)
    for metric, value, labels in counts:
        count(metrics, metric, value, labels)
        reference.count(metric, value, labels)
    assert told(metrics) == reference.told()


def test_it_is_told_so() -> None:
    """What scrapers and rules rely on, in one piece."""
    metrics = Metrics(m.FENCED, m.SOCKETS, m.TICKETS, m.TOOL_SECONDS)
    for seconds in (0.0005, 0.04, 7):
        metrics.observe(m.TOOL_SECONDS, seconds, 'se"arch')
    metrics.add(m.TICKETS, "default", "complete")
    metrics.add(m.TICKETS, "default", "complete", by=2)
    metrics.set(m.SOCKETS, 3)
    assert told(metrics) == AS_OF_0_6


AS_OF_0_6 = """\
# HELP tokenline_fenced_total Writes and replies refused because a newer attempt exists.
# TYPE tokenline_fenced_total counter
tokenline_fenced_total 0.0
# HELP tokenline_sockets Open chat sockets.
# TYPE tokenline_sockets gauge
tokenline_sockets 3.0
# HELP tokenline_tickets_total Tickets that reached a terminal state at this service.
# TYPE tokenline_tickets_total counter
tokenline_tickets_total{pool="default",state="complete"} 3.0
# HELP tokenline_tool_seconds How long a call of a built-in tool took.
# TYPE tokenline_tool_seconds histogram
tokenline_tool_seconds_bucket{le="0.0005",tool="se\\"arch"} 1.0
tokenline_tool_seconds_bucket{le="0.001",tool="se\\"arch"} 1.0
tokenline_tool_seconds_bucket{le="0.0025",tool="se\\"arch"} 1.0
tokenline_tool_seconds_bucket{le="0.005",tool="se\\"arch"} 1.0
tokenline_tool_seconds_bucket{le="0.01",tool="se\\"arch"} 1.0
tokenline_tool_seconds_bucket{le="0.025",tool="se\\"arch"} 1.0
tokenline_tool_seconds_bucket{le="0.05",tool="se\\"arch"} 2.0
tokenline_tool_seconds_bucket{le="0.1",tool="se\\"arch"} 2.0
tokenline_tool_seconds_bucket{le="0.25",tool="se\\"arch"} 2.0
tokenline_tool_seconds_bucket{le="0.5",tool="se\\"arch"} 2.0
tokenline_tool_seconds_bucket{le="1.0",tool="se\\"arch"} 2.0
tokenline_tool_seconds_bucket{le="2.5",tool="se\\"arch"} 2.0
tokenline_tool_seconds_bucket{le="5.0",tool="se\\"arch"} 2.0
tokenline_tool_seconds_bucket{le="+Inf",tool="se\\"arch"} 3.0
tokenline_tool_seconds_count{tool="se\\"arch"} 3.0
tokenline_tool_seconds_sum{tool="se\\"arch"} 7.0405
"""


@pytest.mark.parametrize("labels", [(), ("default",), ("default", "complete", "odd")])
def test_a_series_with_too_many_labels_or_too_few_does_not_begin(labels: tuple[str, ...]) -> None:
    """It could not be told, nor could all others with it."""
    metrics = Metrics(m.TICKETS, m.QUEUE_DEPTH, m.TOOL_SECONDS)
    with pytest.raises(ValueError, match="labels"):
        metrics.add(m.TICKETS, *labels)
    with pytest.raises(ValueError, match="labels"):
        metrics.set(m.QUEUE_DEPTH, 1, *labels)
    with pytest.raises(ValueError, match="labels"):
        metrics.observe(m.TOOL_SECONDS, 1, *labels, "odd", "odd")
    assert told(metrics).count("\n") == 6


def test_a_counter_only_grows() -> None:
    metrics = Metrics(m.FENCED)
    with pytest.raises(ValueError, match="grows"):
        metrics.add(m.FENCED, by=-1)
    assert "tokenline_fenced_total 0.0" in told(metrics)


def test_one_name_is_one_metric() -> None:
    with pytest.raises(DuplicateTimeseries):
        Metrics(m.FENCED, m.FENCED)


def test_nothing_that_threads_count_is_lost() -> None:
    metrics, times = Metrics(m.RETRIES, m.SEARCH), 5_000
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        for _ in range(times):
            metrics.add(m.RETRIES, "default", "timeout")
            metrics.observe(m.SEARCH, 0.25)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert f'cause="timeout",pool="default"}} {8 * times}.0\n' in told(metrics)
    assert f"tokenline_search_seconds_sum {2 * times}.0\n" in told(metrics)
