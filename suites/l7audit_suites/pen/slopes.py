"""Texts on which careless patterns lose their way, and whether the time that they took grew as
it does then. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Text = Callable[[int], str]
"""A text of that size."""

SMALL = (12, 18, 24, 30)
"""Repetitions: at the second a pattern that tries all ways is still done within a second, at the
last even the quickest shows it. The first is only measured beside what took its time."""

LARGE = (500, 1_000, 4_000)
"""Letters: a pattern that looks back shows it at the last; only tried where small texts did no
harm."""

NOTICED = 0.06
"""Seconds beyond the null text's time below which nothing is called slow."""

BEGUN, LONGER = 0.01, 2
"""Seconds beyond the null text's time from which a small text may have begun to tell, and how many
repetitions longer the next one is then."""

TOLD = 0.002
"""Seconds beyond the null text's time that the last text but one takes at least where the last is
noticed: what grows with the square takes sixteen times as long there, what doubles with each
letter 64 times."""


@dataclass(frozen=True, slots=True)
class Family:
    """Texts of one kind: what is repeated, and what lets the match fail in the end. Those that are
    `nested` are also tried small: on them patterns try all ways that find only one on others."""

    name: str
    repeated: str
    end: str = "!"
    nested: bool = False

    def small(self, count: int) -> str:
        """A text of that many repetitions."""
        return self.repeated * count + self.end

    def large(self, size: int) -> str:
        """A text of that many letters, or of one more."""
        return self.repeated * (size // len(self.repeated)) + self.end


FAMILIES = (
    Family("one letter over and over", "a", nested=True),
    Family("digits over and over", "1", "x", nested=True),
    Family("blanks before a letter", " ", "x", nested=True),
    Family("dots over and over", "a.", nested=True),
    Family("words over and over", "a "),
    Family("addresses over and over", "a@"),
)


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
