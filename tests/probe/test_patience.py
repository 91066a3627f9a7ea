"""What is waited for, and for how long."""

from __future__ import annotations

import pytest

from l7audit.probe.answer import Answer, Headers
from l7audit.probe.patience import SECONDS, TRIES, Patience, retry_after
from l7audit.probe.request import Request


class Clock:
    now = 10.0

    def __call__(self) -> float:
        return self.now


def throttled(asked: str | None, path: str = "/things?page=2") -> Answer:
    headers = Headers([("Retry-After", asked)] if asked is not None else [])
    return Answer(Request("GET", path), 429, headers, b"")


@pytest.mark.parametrize(
    ("asked", "waits"), [("2", 2.0), ("12", SECONDS), ("0", 0.1), (None, 1.0), ("soon", 1.0)]
)
def test_it_waits_as_told_within_bounds(asked: str | None, waits: float) -> None:
    assert Patience().pause(throttled(asked), 0) == waits


@pytest.mark.parametrize(("asked", "tried"), [("16", 0), ("9999", 0), ("11", 1), ("1", TRIES)])
def test_nobody_waits_for_what_comes_after_all_patience(asked: str, tried: int) -> None:
    assert Patience().pause(throttled(asked), tried) is None


def test_what_was_waited_for_in_vain_is_not_waited_for_again_soon() -> None:
    clock = Clock()
    patience = Patience(clock)
    for tried in range(TRIES):
        assert patience.pause(throttled("1"), tried) == 1.0
    assert patience.pause(throttled("1"), TRIES) is None
    clock.now += 30
    assert patience.pause(throttled("1", "/things?page=3"), 0) is None
    assert patience.pause(throttled("1", "/others"), 0) == 1.0
    clock.now += 31
    assert patience.pause(throttled("1"), 0) == 1.0


@pytest.mark.parametrize(("value", "seconds"), [("0", 0.0), ("120", 120.0), (" 7 ", 7.0)])
def test_retry_after_in_seconds(value: str, seconds: float) -> None:
    assert retry_after(Headers([("Retry-After", value)])) == seconds


def test_retry_after_as_a_date_counts_from_the_answers_own_clock() -> None:
    headers = Headers(
        [
            ("Date", "Sun, 22 Nov 2026 10:00:00 GMT"),
            ("Retry-After", "Sun, 22 Nov 2026 10:00:09 GMT"),
        ]
    )
    assert retry_after(headers) == 9.0


@pytest.mark.parametrize("value", ["", "soon", "-1", "1.5", "\u0661"])
def test_an_unreadable_retry_after_is_none(value: str) -> None:
    assert retry_after(Headers([("Retry-After", value)])) is None
