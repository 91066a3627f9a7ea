"""The rate-limit fields as the standards write them."""

from __future__ import annotations

import pytest

from l7audit.probe.answer import Headers
from l7audit_suites.rate.fields import Limit, Policy, limits, policies


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
