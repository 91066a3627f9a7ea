"""What clients saw around a fault: which requests failed, and for how long it was felt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from l7audit.probe.answer import Answer

SLOW = 1.0
"""Seconds from which on a client takes a request for a stalled one."""

BY_CHANCE = 2
"""So few requests may fail for a reason of their own while something else is tried."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of a client, at `time.perf_counter` seconds. `answer` is None where nothing
    could be connected to; `marker` is what a write puts into its thing, empty for a read."""

    started: float
    ended: float
    answer: Answer | None
    marker: str = ""

    @property
    def served(self) -> bool:
        return self.answer is not None and self.answer.ok

    @property
    def throttled(self) -> bool:
        return self.answer is not None and self.answer.throttled

    @property
    def seconds(self) -> float:
        return self.ended - self.started

    @property
    def stalled(self) -> bool:
        return self.seconds >= SLOW


@dataclass(frozen=True, slots=True)
class Timeline:
    """The attempts of all clients, in the order of their ends. What was throttled says nothing of
    a fault and is in none of the figures."""

    attempts: Sequence[Attempt]

    @classmethod
    def of(cls, attempts: Sequence[Attempt]) -> Timeline:
        counted = [a for a in attempts if not a.throttled]
        return cls(sorted(counted, key=lambda a: a.ended))

    def since(self, moment: float) -> Timeline:
        """What was on its way at that moment or began later."""
        return Timeline([a for a in self.attempts if a.ended >= moment])

    @property
    def failed(self) -> list[Attempt]:
        return [a for a in self.attempts if not a.served]

    @property
    def served(self) -> list[Attempt]:
        return [a for a in self.attempts if a.served]

    def felt(self, fault: float) -> float:
        """Seconds from the fault until the last request that it made fail or stall was over; 0
        where none was."""
        ends = [a.ended for a in self.since(fault).attempts if not a.served or a.stalled]
        return max(ends, default=fault) - fault

    def steps(self, width: float) -> tuple[list[int], list[int], list[float]]:
        """How many were served and how many failed in each `width` seconds from the first end on,
        and the longest of each step in seconds."""
        if not self.attempts:
            return [], [], []
        first = self.attempts[0].ended
        count = int((self.attempts[-1].ended - first) / width) + 1
        served, failed, slowest = [0] * count, [0] * count, [0.0] * count
        for attempt in self.attempts:
            at = int((attempt.ended - first) / width)
            (served if attempt.served else failed)[at] += 1
            slowest[at] = max(slowest[at], attempt.seconds)
        return served, failed, slowest

    def gap(self, fault: float) -> float:
        """The longest time without a served request, in seconds, around the fault and after."""
        ends = [a.ended for a in self.served]
        before = [end for end in ends if end < fault][-1:]
        after = [end for end in ends if end >= fault]
        moments = [*before, *after]
        return max((b - a for a, b in pairwise(moments)), default=0.0)


def until_clear(experiment: Callable[[], Timeline]) -> list[Timeline]:
    """What was seen, the last of which counts. A request that fails among a thousand need not have
    met the fault: where so few did, the experiment is made a second time."""
    seen = [experiment()]
    if 0 < len(seen[0].failed) <= BY_CHANCE:
        seen.append(experiment())
    return seen
