"""How much a flood sends: no more than it takes to be held back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from l7audit.model import Place
from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request
from l7audit_suites.rate.flood import CONCURRENCY, GUESSES, UNANNOUNCED, Bucket, flooded

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


def test_what_was_read_in_the_minute_before_is_a_part_of_the_flood() -> None:
    counter: Any = Counter(10_000)
    place = Place(operation="GET /x")
    full = Bucket(counter, place, PLAIN, Answer(PLAIN, 200), PLAIN, earlier=100)
    assert len(full.flood()) == UNANNOUNCED - 100
    assert flooded(counter)[place].sent == UNANNOUNCED
    later = Bucket(
        counter, Place(operation="GET /y"), PLAIN, Answer(PLAIN, 200), PLAIN, earlier=500
    )
    assert len(later.flood()) == 2 * CONCURRENCY
    assert len(later.flood()) == UNANNOUNCED  # by then nobody knows what the limit remembers


def test_an_announced_quota_is_asked_for_at_once() -> None:
    counter: Any = Waves(40)
    announces = Headers((("RateLimit-Policy", '"a";q=40;w=60'),))
    full = Answer(PLAIN, 200, announces)
    answers = Bucket(counter, Place(operation="GET /x"), PLAIN, full, PLAIN).flood()
    assert answers[-1].status == 429
    assert counter.waves[0] == 40
    assert len(counter.waves) == 2


@dataclass
class Waves(Counter):
    """Tells the waves apart."""

    waves: list[int] = field(default_factory=list)

    def burst(self, requests: Sequence[Request], concurrency: int) -> list[Answer]:
        self.waves.append(len(requests))
        return super().burst(requests, concurrency)
