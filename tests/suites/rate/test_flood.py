"""How much a flood sends: no more than it takes to be held back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.rate.flood import CONCURRENCY, GUESSES, UNANNOUNCED, Bucket

PLAIN = Request("GET", "/")


class Model:
    """What a target is known by."""


@dataclass
class Counter:
    """Answers so many, and throttles all others."""

    quota: int
    sent: int = 0
    identities: tuple[str, ...] = ()
    model: Model = field(default_factory=Model)

    def burst(self, requests: Sequence[Request], concurrency: int) -> list[Answer]:
        answers = []
        for request in requests:
            self.sent += 1
            answers.append(Answer(request, 200 if self.sent <= self.quota else 429))
        return answers


def flood(counter: Counter, bound: int) -> list[Answer]:
    check: Any = counter
    place = Place(operation="GET /x")
    return Bucket(check, place, PLAIN, Answer(PLAIN, 200), PLAIN, bound=bound).flood()


@pytest.mark.parametrize("bound", [UNANNOUNCED, GUESSES, 8])
def test_a_flood_that_nothing_holds_back_spends_its_bound(bound: int) -> None:
    assert len(flood(Counter(10_000), bound)) == bound


@pytest.mark.parametrize(("bound", "quota"), [(UNANNOUNCED, 100), (GUESSES, 10), (GUESSES, 0)])
def test_a_flood_ends_with_the_wave_that_is_held_back(bound: int, quota: int) -> None:
    answers = flood(Counter(quota), bound)
    assert answers[-1].status == 429
    assert len(answers) - quota <= min(CONCURRENCY, bound // 8)
