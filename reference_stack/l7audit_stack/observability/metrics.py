"""Counts of requests, refusals and durations, cheap to take and rendered for Prometheus.

Labels come from the table of operations and from status codes, never from a request's text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

MEDIA_TYPE = "text/plain; version=1.0.0; charset=utf-8"
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics(Collector):
    """The numbers of one replica. Durations are seconds."""

    def __init__(self, replica: str) -> None:
        self._replica = replica
        self._requests: dict[tuple[str, str, int], int] = {}
        self._durations: dict[str, list[float]] = {}
        self._events: dict[tuple[str, str], int] = {}
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def request(self, operation: str, method: str, status: int, seconds: float) -> None:
        key = (operation, method, status)
        self._requests[key] = self._requests.get(key, 0) + 1
        row = self._durations.get(operation)
        if row is None:
            # One cell a bucket, one beyond the last bound, and the sum.
            row = self._durations[operation] = [0.0] * (len(BOUNDS) + 2)
        row[bisect_left(BOUNDS, seconds)] += 1
        row[-1] += seconds

    def event(self, kind: str, outcome: str) -> None:
        """Count a security event, for example ("authentication", "refused")."""
        key = (kind, outcome)
        self._events[key] = self._events.get(key, 0) + 1

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A value that is read when the metrics are."""
        self._gauges[name] = (text, read)

    def render(self) -> bytes:
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        requests = CounterMetricFamily(
            "http_requests", "Answers by operation.", labels=("operation", "method", "status")
        )
        for (operation, method, status), count in self._requests.items():
            requests.add_metric((operation, method, str(status)), count)
        yield requests
        durations = HistogramMetricFamily(
            "http_request_duration_seconds", "Time to answer.", labels=("operation",)
        )
        for operation, row in self._durations.items():
            total: float = 0
            buckets = []
            for bound, cell in zip((*map(str, BOUNDS), "+Inf"), row, strict=False):
                total += cell
                buckets.append((bound, total))
            durations.add_metric((operation,), buckets, row[-1])
        yield durations
        events = CounterMetricFamily(
            "security_events", "Security decisions.", labels=("kind", "outcome")
        )
        for (kind, outcome), count in self._events.items():
            events.add_metric((kind, outcome), count)
        yield events
        info = GaugeMetricFamily("replica_info", "Which replica this is.", labels=("replica",))
        info.add_metric((self._replica,), 1)
        yield info
        for name, (text, read) in self._gauges.items():
            yield GaugeMetricFamily(name, text, value=read())
