from __future__ import annotations

import random
import re

import pytest

from l7audit.target.patterns import admits, fitting


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[a-z0-9][a-z0-9_-]{0,62}$",
        r"^\d{4}-\d{2}-\d{2}$",
        r"^(foo|bar)+baz?$",
        r"^[^\x00-\x1f]+$",
        r"^\w+@\w+\.\w{2,}$",
        r"[A-F]{8}",
        r"^(?:a{3}|b{2})c*$",
        r"^.{10}$",
        r"^[\w.-]{5,}$",
        r"",
    ],
)
def test_a_text_fits_its_pattern(pattern: str) -> None:
    for seed in range(5):
        text = fitting(pattern, random.Random(seed), 8)
        assert text is not None
        assert re.search(pattern, text)


def test_repetitions_are_long_enough_where_they_can_be() -> None:
    assert len(fitting(r"^[a-z]{1,64}$", random.Random(1), 20) or "") >= 20
    assert len(fitting(r"^[a-z]{1,6}$", random.Random(1), 20) or "") == 6


@pytest.mark.parametrize("pattern", ["(", "[", r"(?P<n>a)(?P=n)", "a" * 400, r"(a{1000}){1000}"])
def test_what_is_not_understood_is_none(pattern: str) -> None:
    assert fitting(pattern, random.Random(1)) is None


@pytest.mark.parametrize(
    "pattern", [r"^(a+)+$", r"^((a*)*)*b$", r"(x{0,999}){0,999}", r"^(a|aa)+$"]
)
def test_a_hostile_pattern_ends(pattern: str) -> None:
    assert len(fitting(pattern, random.Random(1), 30) or "") <= 2100


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("^[a-z][a-z0-9-]{0,30}$", True),
        ("^[A-Z]{1,3}-[A-Z]{1,2}-[1-9]$", False),
        (r"^[^<>]*$", True),
        ("^(a+)+$", None),
        ("^a*a*a*a*a*$", None),
        ("(", None),
    ],
)
def test_only_what_is_matched_soon_is_matched(pattern: str, fits: bool | None) -> None:
    assert admits(pattern, "abc-1") is fits
