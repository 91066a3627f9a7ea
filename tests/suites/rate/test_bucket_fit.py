"""The fit of a token bucket to what was answered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from l7audit_suites.rate.bucket_fit import Quota, Sample, first_refusal, fitted, overrun


def bucket(capacity: float, refill: float, times: list[float], took: float = 0.0) -> list[Sample]:
    """What a true token bucket answers to requests that start at these times."""
    tokens, at = capacity, times[0]
    found = []
    for time in times:
        decided = time + took / 2
        tokens = min(capacity, tokens + (decided - at) * refill)
        at = decided
        admitted = tokens >= 1
        tokens -= admitted
        found.append(Sample(time, time + took, admitted))
    return found


def test_a_true_bucket_never_overruns_its_quota() -> None:
    samples = bucket(20, 5, [i * 0.01 for i in range(300)])
    assert overrun(samples, Quota(20, 5)) <= 0


@given(
    st.integers(1, 40),
    st.floats(0.5, 50),
    st.lists(st.floats(0, 0.2), min_size=1, max_size=120),
    st.floats(0, 0.05),
)
def test_no_true_bucket_is_ever_accused(
    capacity: int, refill: float, gaps: list[float], took: float
) -> None:
    times, now = [], 0.0
    for gap in gaps:
        now += gap
        times.append(now)
    assert overrun(bucket(capacity, refill, times, took), Quota(capacity, refill)) <= 1e-6


def test_requests_admitted_at_once_beyond_the_capacity_are_counted() -> None:
    samples = [Sample(0.0, 0.01, True) for _ in range(50)]
    assert 29.9 < overrun(samples, Quota(20, 5)) <= 30


def test_an_overrun_late_in_a_long_series_is_found() -> None:
    calm = bucket(20, 5, [i * 0.25 for i in range(40)])
    flood = [Sample(20.0, 20.1, True) for _ in range(40)]
    assert overrun(calm + flood, Quota(20, 5)) > 15


def test_refused_and_unknown_requests_do_not_count_as_admitted() -> None:
    samples = [Sample(0, 1, False)] * 50 + [Sample(0, 1, None)] * 50
    assert overrun(samples, Quota(5, 1)) == -5


def test_capacity_and_refill_are_read_off_the_answers() -> None:
    fit = fitted(bucket(20, 5, [i * 0.01 for i in range(500)]))
    assert fit is not None
    assert abs(fit.capacity - 20) <= 1.5
    assert abs(fit.refill - 5) <= 0.5


def test_without_a_refusal_nothing_is_fitted() -> None:
    assert fitted([Sample(0, 1, True)] * 10) is None
    assert first_refusal([Sample(0, 1, True)] * 10) is None
