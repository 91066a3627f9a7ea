from __future__ import annotations

import pytest

from l7audit.assess.quantities import bound, interval, quantity
from l7audit.model import DocumentedTarget


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.0, "ratio", "100 %"),
        (0.999, "ratio", "99.9 %"),
        (0.9999999, "ratio", "99.9999 %"),
        (0.0001, "ratio", "0.01 %"),
        (0.0, "ratio", "0 %"),
        (143.26, "ms", "143.3 ms"),
        (200.0, "ms", "200 ms"),
        (0, "count", "0"),
        (95.7, "score", "95.7"),
        (12.5, "requests", "12.5 requests"),
        (123456.7, "ms", "123457 ms"),
    ],
)
def test_a_value_is_told_with_its_unit(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


def test_what_is_less_than_everything_never_looks_like_100_percent() -> None:
    assert quantity(0.99999999999, "ratio") != "100 %"


def test_an_interval_is_rounded_outwards() -> None:
    assert interval((0.99012345, 1.0), "ratio") == "99.01 % to 100 %"
    assert interval((0.0, 0.0099361), "ratio") == "0 % to 0.9937 %"
    assert interval((12.0, None), "ms") == "12 ms or more"
    assert interval((None, 12.0), "ms") == "up to 12 ms"
    assert interval((None, None), "ms") == "not bounded"


def test_a_bound_includes_its_number_only_where_nothing_lies_beyond() -> None:
    def target(**more: object) -> DocumentedTarget:
        return DocumentedTarget(id="x", statement="x", section="x", **more)  # type: ignore[arg-type]

    assert bound(target(unit="ratio", at_least=1.0)) == "= 100 %"
    assert bound(target(unit="ratio", at_least=0.999)) == "> 99.9 %"
    assert bound(target(unit="ms", at_most=200)) == "< 200 ms"
    assert bound(target(unit="count", at_most=0)) == "= 0"
    assert bound(target(unit="s", at_least=1, at_most=5)) == "> 1 s and < 5 s"
