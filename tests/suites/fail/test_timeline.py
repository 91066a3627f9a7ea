"""What counts as felt, failed and served around a fault at second 10."""

from __future__ import annotations

import pytest

from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.fail.timeline import Attempt, Timeline, until_clear

FAULT = 10.0


def attempt(started: float, ended: float, status: int | None = 200) -> Attempt:
    answer = Answer(request=Request("GET", "/things/1"), status=status)
    return Attempt(started, ended, answer)


def unconnected(at: float) -> Attempt:
    return Attempt(at, at, None)


def test_what_was_throttled_is_neither_served_nor_failed() -> None:
    seen = Timeline.of([attempt(10, 10.1), attempt(10, 10.2, 429)])
    assert len(seen.attempts) == 1
    assert seen.failed == []


def test_what_was_on_its_way_at_the_fault_belongs_to_it() -> None:
    before, under_way = attempt(9, 9.1), attempt(9.9, 12, 503)
    seen = Timeline.of([under_way, before]).since(FAULT)
    assert seen.attempts == [under_way]


@pytest.mark.parametrize(
    ("attempts", "felt"),
    [
        ([attempt(10, 10.1), attempt(11, 11.1)], 0.0),
        ([attempt(10, 10.1, 503), attempt(11, 11.1)], 0.1),
        ([unconnected(10.4), attempt(11, 11.1)], 0.4),
        ([attempt(9.9, 13.0), attempt(13, 13.1)], 3.0),
        ([attempt(9.9, 13.0), attempt(14, 14.5, None)], 4.5),
        ([attempt(8, 9.5, 503), attempt(10, 10.1)], 0.0),
    ],
)
def test_a_fault_is_felt_until_the_last_that_fails_or_stalls(
    attempts: list[Attempt], felt: float
) -> None:
    assert Timeline.of(attempts).felt(FAULT) == pytest.approx(felt)


def test_steps_count_how_requests_ended_from_the_first_end_on() -> None:
    seen = Timeline.of([attempt(9.9, 10), attempt(9.5, 10.4), attempt(10, 10.6, 503)])
    assert seen.steps(0.5) == ([2, 0], [0, 1], [pytest.approx(0.9), pytest.approx(0.6)])
    assert Timeline.of([]).steps(0.5) == ([], [], [])


def test_the_gap_reaches_from_the_last_served_before_to_the_first_after() -> None:
    seen = Timeline.of([
        attempt(8, 8.1),
        attempt(9.7, 9.8),
        unconnected(10.5),
        attempt(11, 11.3),
        attempt(11.5, 11.6),
    ])  # fmt: skip
    assert seen.gap(FAULT) == pytest.approx(1.5)


def test_nothing_served_has_no_gap_to_tell() -> None:
    assert Timeline.of([unconnected(10.5)]).gap(FAULT) == 0


@pytest.mark.parametrize(("failing", "experiments"), [(0, 1), (1, 2), (2, 2), (3, 1)])
def test_where_hardly_any_failed_the_experiment_is_made_again(
    failing: int, experiments: int
) -> None:
    """One loss among a thousand may have a reason of its own; many have met the fault."""
    good = [attempt(10, 11)] * 20
    seen = iter([Timeline.of([*good, *[attempt(10, 11, 503)] * failing]), Timeline.of(good)])
    assert len(until_clear(lambda: next(seen))) == experiments
