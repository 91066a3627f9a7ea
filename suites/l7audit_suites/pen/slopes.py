"""Texts on which careless patterns lose their way, and whether the time that they took grew as
it does then. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

Text = Callable[[int], str]
"""A text of that many characters, or of few more."""

SMALL = (12, 18, 24, 30)
"""Sizes at which a pattern that tries all ways is still done within seconds."""

LARGE = (500, 1_000, 4_000)
"""Sizes at which a pattern that looks back shows it; only tried where small ones did no harm."""

NOTICED = 0.06
"""Seconds beyond the null text's time below which nothing is called slow."""

BEGUN, LONGER = 0.01, 2
"""Seconds beyond the null text's time from which a small text may have begun to tell, and how many
letters longer the next one is then."""

FAMILIES: Mapping[str, Text] = {
    "one letter over and over": lambda n: "a" * n + "!",
    "words over and over": lambda n: "a " * (n // 2) + "!",
    "digits over and over": lambda n: "1" * n + "x",
    "addresses over and over": lambda n: "a@" * (n // 2) + "!",
    "blanks before a letter": lambda n: " " * n + "x",
    "dots over and over": lambda n: "a." * (n // 2) + "!",
}


def null(size: int) -> str:
    """A text of that length on which no pattern has a choice."""
    return ("q-z_7" * (size // 5 + 1))[: size + 1]


def grows(times: Sequence[float], nulls: Sequence[float], sizes: Sequence[int]) -> bool:
    """Whether the times (seconds, at rising sizes) grow faster than the sizes do.

    The last must stand out from the null text's, and the last step must be steeper than half as
    much again as a proportional one: in one slow answer nothing has grown.
    """
    beyond = [max(0.0, t - n) for t, n in zip(times, nulls, strict=True)]
    if beyond[-1] < NOTICED or beyond[-1] < 4 * nulls[-1]:
        return False
    step = sizes[-1] / sizes[-2]
    return beyond[-1] >= 1.5 * step * max(beyond[-2], NOTICED / 20)
