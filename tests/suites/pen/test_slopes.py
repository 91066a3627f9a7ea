from __future__ import annotations

import re

import pytest

from l7audit_suites.pen.slopes import FAMILIES, LARGE, SMALL, Family, grows, null


@pytest.mark.parametrize(
    ("times", "nulls", "sizes", "found"),
    [
        ((0.009, 0.147), (0.004, 0.004), (16, 20), True),
        ((0.075, 0.3), (0.005, 0.006), (1000, 2000), True),  # twice the size, four times the time
        ((0.2, 0.4), (0.005, 0.006), (1000, 2000), False),  # in proportion
        ((0.2, 0.2), (0.2, 0.2), (1000, 2000), False),  # slow, whatever is sent
        ((0.005, 0.03), (0.004, 0.004), (16, 20), False),  # too little to be told from noise
        ((0.3, 0.1), (0.004, 0.004), (16, 20), False),  # one slow answer
    ],
)
def test_only_what_grows_faster_than_its_size_is_called_so(
    times: tuple[float, ...], nulls: tuple[float, ...], sizes: tuple[int, ...], found: bool
) -> None:
    assert grows(times, nulls, sizes) is found


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_a_text_has_its_size(family: Family) -> None:
    for count in SMALL:
        assert family.small(count).count(family.repeated) == count
    for size in LARGE:
        assert len(family.large(size)) == size + 1
        assert len(null(size)) == size + 1


def test_each_pattern_that_tries_all_ways_meets_a_small_text_of_its_own() -> None:
    nested = [f for f in FAMILIES if f.nested]
    for pattern in (r"^(\w+\s?)*$", r"^(\d+)+$", r"^(\s+)+$", r"^(.+\.)+$"):
        fitting = re.compile(pattern)
        assert any(fitting.match(f.repeated * 3) and not fitting.match(f.small(3)) for f in nested)
