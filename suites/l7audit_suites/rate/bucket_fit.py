"""What a series of answers says of a rate limit. Pure: samples in, numbers out.

A token bucket of capacity C and refill r admits at most C + r*t requests in any time t. A decision
falls somewhere between a request's start and the end of its answer, so for any window from a
start to an end the requests that lie wholly within it are bounded by that.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: when it started and when its answer was there (s), and what became of it.

    `admitted` is None where the answer says nothing of the limit (no answer, a server error).
    """

    started: float
    ended: float
    admitted: bool | None


@dataclass(frozen=True, slots=True)
class Quota:
    """`capacity` requests at once and `refill` a second after that."""

    capacity: float
    refill: float


def overrun(samples: Iterable[Sample], quota: Quota) -> float:
    """By how many requests the worst window exceeds the quota; below zero means never.

    Takes the largest value of `admitted in [a, b] - (C + r (b - a))` over all starts a and ends b.
    """
    admitted = sorted((s for s in samples if s.admitted), key=lambda s: s.started, reverse=True)
    worst = -quota.capacity
    ends: list[float] = []
    for sample in admitted:  # from the last start to the first: `ends` are of later starts
        insort(ends, sample.ended)
        for index, end in enumerate(ends):
            if index + 1 < len(ends) and ends[index + 1] == end:
                continue
            allowance = quota.capacity + quota.refill * (end - sample.started)
            worst = max(worst, bisect_right(ends, end) - allowance)
    return worst


def first_refusal(samples: Sequence[Sample]) -> int | None:
    """How many were admitted before the first refusal; None where none was refused."""
    admitted = 0
    for sample in samples:
        if sample.admitted is False:
            return admitted
        admitted += sample.admitted is True
    return None


def fitted(samples: Sequence[Sample]) -> Quota | None:
    """Capacity and refill as the answers show them; None without a refusal.

    The refill is what was admitted after the first refusal over that time, the capacity what was
    admitted until then less what flowed in meanwhile.
    """
    before = first_refusal(samples)
    if before is None:
        return None
    refused = next(s for s in samples if s.admitted is False)
    later = [s for s in samples if s.started >= refused.ended]
    span = (later[-1].ended - refused.ended) if later else 0.0
    refill = sum(s.admitted is True for s in later) / span if span > 0 else 0.0
    return Quota(max(0.0, before - refill * (refused.started - samples[0].started)), refill)
