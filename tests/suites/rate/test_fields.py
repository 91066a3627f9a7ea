"""The rate-limit fields as the standards write them."""

from __future__ import annotations

import pytest

from l7audit.probe.answer import Headers
from l7audit_suites.rate.fields import Limit, Policy, limits, policies, retry_after


def test_a_policy_and_what_is_left_of_it_are_read() -> None:
    headers = Headers(
        [("RateLimit-Policy", '"default";q=100;w=60'), ("RateLimit", '"default";r=50;t=30')]
    )
    assert policies(headers) == [Policy("default", 100, 60)]
    assert limits(headers) == [Limit("default", 50, 30)]


def test_several_policies_in_one_or_many_lines_are_read() -> None:
    headers = Headers(
        [
            ("ratelimit-policy", '"burst";q=10;w=1, "day";q=5000;w=86400;pk=:cHNk:'),
            ("ratelimit-policy", "token;q=3"),
        ]
    )
    assert policies(headers) == [
        Policy("burst", 10, 1),
        Policy("day", 5000, 86400),
        Policy("token", 3, None),
    ]


@pytest.mark.parametrize("value", ["", "100", '"a"', '"a";q=ten', '"a";q=1.5', ";;;", '"a;q=3'])
def test_what_is_no_policy_announces_nothing(value: str) -> None:
    assert policies(Headers([("RateLimit-Policy", value)])) == []


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
