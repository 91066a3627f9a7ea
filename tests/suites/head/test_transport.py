"""Strict-Transport-Security."""

from __future__ import annotations

import pytest

from l7audit_suites.head.transport import Policy, fault, parse


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("max-age=63072000; includeSubDomains", Policy(63072000, True, False)),
        ("includesubdomains;MAX-AGE=31536000", Policy(31536000, True, False)),
        ('max-age="31536000" ; preload ;', Policy(31536000, False, True)),
        ("max-age = 31536000; future=1; other", Policy(31536000, False, False)),
        ("max-age=31536000; max-age=31536000", None),
        ("max-age=a-year", None),
        ("includeSubDomains", None),
        ("max-age=-1", None),
        ("", None),
    ],
)
def test_a_policy_is_read_as_browsers_do(text: str, policy: Policy | None) -> None:
    assert parse(text) == policy


@pytest.mark.parametrize("text", ["max-age=31536000", 'Preload; max-age="99999999"'])
def test_a_year_is_enough(text: str) -> None:
    assert fault([text]) == ""


@pytest.mark.parametrize("values", [[], ["max-age=31535999"], ["max-age=0"], ["31536000"]])
def test_less_than_a_year_is_a_fault(values: list[str]) -> None:
    assert fault(values)


def test_the_first_of_two_fields_counts() -> None:
    assert fault(["max-age=300", "max-age=63072000"])
    assert not fault(["max-age=63072000", "max-age=300"])
