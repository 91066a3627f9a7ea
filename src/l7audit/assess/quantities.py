"""Numbers with their unit, the same in every output."""

from __future__ import annotations

import math

from l7audit.model import DocumentedTarget

_SUFFIX = {"ms": " ms", "s": " s", "days": " days", "count": "", "score": ""}


def quantity(value: float, unit: str, *, up: bool | None = None) -> str:
    """A value for people: a `ratio` in percent, any other unit after its number.

    Four significant digits, but never so rounded that what is less than 100 % looks like it;
    `up` rounds away from (True) or towards (False) zero, as the end of an interval should.
    """
    if unit == "ratio":
        return _number(value * 100, up=up, ceiling=100.0) + " %"
    return _number(value, up=up) + _SUFFIX.get(unit, f" {unit}")


def _number(value: float, *, up: bool | None, ceiling: float = math.inf) -> str:
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = max(0, min(6, 3 - math.floor(math.log10(abs(value)))))
    if value < ceiling and round(value, places) >= ceiling:
        places, up = 4, False
    scaled = value * 10**places
    if up is None:
        whole = round(scaled)
    else:
        whole = math.ceil(scaled - 1e-6) if up else math.floor(scaled + 1e-6)
    text = f"{whole / 10**places:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percentage(share: float) -> str:
    """A share of 0..1 in percent, rounded down to one decimal: 89.99 % is not 90 %."""
    return f"{math.floor(share * 1000 + 1e-9) / 10:g} %"


def interval(ends: tuple[float | None, float | None], unit: str) -> str:
    """An interval for people, rounded outwards; an end that is not known is left open."""
    low, high = ends
    if low is None and high is None:
        return "not bounded"
    if low is None:
        return f"up to {quantity(high or 0.0, unit, up=True)}"
    if high is None:
        return f"{quantity(low, unit, up=False)} or more"
    return f"{quantity(low, unit, up=False)} to {quantity(high, unit, up=True)}"


def bound(target: DocumentedTarget) -> str:
    """A target's promise in symbols, such as `> 99.9 %`, `= 100 %` or `< 200 ms`."""
    parts = []
    if target.at_least is not None:
        sign = "=" if at_edge(target.at_least, target.unit, upper=True) else ">"
        parts.append(f"{sign} {quantity(target.at_least, target.unit)}")
    if target.at_most is not None:
        sign = "=" if at_edge(target.at_most, target.unit, upper=False) else "<"
        parts.append(f"{sign} {quantity(target.at_most, target.unit)}")
    return " and ".join(parts)


def at_edge(value: float, unit: str, *, upper: bool) -> bool:
    """Whether nothing of the unit lies beyond: above 100 % (or 100 points), or below nothing.

    There a promise includes its number; anywhere else the documentation says `<` or `>`.
    """
    if upper:
        return (unit == "ratio" and value >= 1) or (unit == "score" and value >= 100)
    return value <= 0
