"""Metrics in Prometheus' format."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from l7audit_stack.observability.metrics import Metrics


def _samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_requests_and_durations_are_counted() -> None:
    metrics = Metrics("one")
    for seconds in (0.0005, 0.02, 99.0):
        metrics.request("me.show", "GET", 200, seconds)
    found = _samples(metrics)
    labels = (("method", "GET"), ("operation", "me.show"), ("status", "200"))
    assert found["http_requests_total", labels] == 3
    name = "http_request_duration_seconds"
    assert found[f"{name}_bucket", (("le", "0.001"), ("operation", "me.show"))] == 1
    assert found[f"{name}_bucket", (("le", "10.0"), ("operation", "me.show"))] == 2
    assert found[f"{name}_bucket", (("le", "+Inf"), ("operation", "me.show"))] == 3
    assert found[f"{name}_count", (("operation", "me.show"),)] == 3


def test_a_gauge_is_read_when_the_metrics_are() -> None:
    metrics, level = Metrics("one"), [1.0]
    metrics.gauge("level", "A level.", lambda: level[0])
    level[0] = 7.0
    assert _samples(metrics)["level", ()] == 7.0


def test_security_events_are_counted_by_kind_and_outcome() -> None:
    metrics = Metrics("one")
    metrics.event("login", "failed")
    metrics.event("login", "failed")
    labels = (("kind", "login"), ("outcome", "failed"))
    assert _samples(metrics)["security_events_total", labels] == 2
