"""Whether two things take different times, judged beside two that are the same (a null pair)."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

FEWEST = 8
"""Samples of each kind below which nothing is said."""


CLOSE = 2.0
"""Milliseconds between medians that are far from any difference."""


class Difference(StrEnum):
    """What the samples say."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`gap` and `null_gap` are differences of medians in ms; the areas are 0.5 where two kinds of
    samples are mixed evenly, and 0 or 1 where one is always the slower."""

    difference: Difference
    gap: float
    null_gap: float
    area: float
    null_area: float

    @property
    def clearly_the_same(self) -> bool:
        """Whether a few more samples would not make a difference of these."""
        near = abs(self.gap) < CLOSE and abs(self.area - 0.5) < 0.3
        return self.difference is Difference.SAME and near


def compare(
    first: Sequence[float], second: Sequence[float], null: Sequence[float], least: float = 5.0
) -> Comparison:
    """Compares interleaved samples in ms; `null` are more of the same kind as `second`.

    Different means: nearly every sample of one kind is slower than nearly every one of the other
    (area 0.9), the medians lie `least` ms apart and three times further than those of the null
    pair. A null pair that differs that much itself says that the machine was too restless.
    """
    if min(len(first), len(second), len(null)) < FEWEST:
        return Comparison(Difference.UNKNOWN, 0.0, 0.0, 0.5, 0.5)
    gap = statistics.median(first) - statistics.median(second)
    null_gap = statistics.median(null) - statistics.median(second)
    area, null_area = _area(first, second), _area(null, second)
    if abs(null_area - 0.5) > 0.35 and abs(null_gap) > least:
        verdict = Difference.UNKNOWN
    elif abs(area - 0.5) >= 0.4 and abs(gap) >= max(least, 3 * abs(null_gap)):
        verdict = Difference.DIFFERENT
    else:
        verdict = Difference.SAME
    return Comparison(verdict, gap, null_gap, area, null_area)


def _area(first: Sequence[float], second: Sequence[float]) -> float:
    """The chance that a sample of the first kind is greater (ties count half)."""
    wins = sum((a > b) + 0.5 * (a == b) for a in first for b in second)
    return wins / (len(first) * len(second))
