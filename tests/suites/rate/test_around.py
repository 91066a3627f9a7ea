"""Ways around a limit, tried on limiters whose clock is the test's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.rate.around import Tried, try_around
from l7audit_suites.rate.flood import Bucket
from l7audit_suites.rate.test_bypass import tried_around

PLAIN = Request("GET", "/")
TRICK = Request("GET", "/", headers=(("X-Real-IP", "198.51.100.7"),))


class Model:
    """What a target is known by."""


class Inconclusive(Exception):  # noqa: N818 - what a check raises to end
    """The check ended without a verdict."""


@dataclass
class Limiter:
    """A token bucket whose requests take `pace` seconds each; a flood's come all at once.

    `tricked` answers a trick in its place, as a limiter does that can be walked around.
    """

    refill: float = 0.1
    pace: float = 1.0
    tokens: float = 10.0
    tricked: Callable[[], int | None] | None = None
    tricks: int = 0
    identities: tuple[str, ...] = ()
    model: Model = field(default_factory=Model)
    violations: list[Place] = field(default_factory=list)

    def send(self, request: Request, *, patience: bool) -> Answer:
        self.tokens = min(10.0, self.tokens + self.pace * self.refill)
        if request is TRICK:
            self.tricks += 1
            if self.tricked is not None:
                return Answer(request, self.tricked())
        return Answer(request, self._plain())

    def burst(self, requests: Sequence[Request], concurrency: int) -> list[Answer]:
        return [Answer(r, self._plain()) for r in requests]

    def _plain(self) -> int:
        if self.tokens < 1:
            return 429
        self.tokens -= 1
        return 200

    def expect(self, ok: bool, place: Place, what: str, *answers: Answer, expected: str) -> None:
        if not ok:
            self.violations.append(place)

    def witness(self, statement: str, holds: Callable[[], bool]) -> None:
        self.tokens = 10.0  # a long wait
        assert holds()

    def inconclusive(self, reason: str) -> None:
        raise Inconclusive(reason)


def bucket(limiter: Limiter) -> Bucket:
    check: Any = limiter
    return Bucket(check, Place(operation="GET /x"), PLAIN, Answer(PLAIN, 200), PLAIN)


def tried(limiter: Limiter) -> Tried:
    return try_around(bucket(limiter), lambda: TRICK)


def test_a_trick_that_is_throttled_like_the_plain_request_walks_not_around() -> None:
    assert tried(Limiter()).around is False


def test_a_trick_that_is_always_let_in_walks_around() -> None:
    result = tried(Limiter(tricked=lambda: 200))
    assert (result.around, result.answer.status) == (True, 200)


@pytest.mark.parametrize("tricked", [None, lambda: 200], ids=["sound", "walked around"])
def test_nothing_is_told_of_a_limit_that_opens_between_all_tries(
    tricked: Callable[[], int] | None,
) -> None:
    limiter = Limiter(refill=1.0, pace=1.5, tricked=tricked)
    assert tried(limiter).around is None
    assert limiter.tricks > 5


def test_a_limit_that_opens_between_some_tries_hides_no_way_around() -> None:
    limiter = Limiter(tricked=lambda: 200)

    def slow_at_every_second_try() -> Request:
        limiter.pace = 1.0 if limiter.tricks % 2 else 15.0
        return TRICK

    assert try_around(bucket(limiter), slow_at_every_second_try).around is True


def test_a_refill_that_lets_a_trick_in_now_and_then_accuses_nobody() -> None:
    for pace in range(1, 9):
        assert not tried(Limiter(pace=float(pace))).around


@pytest.mark.parametrize("status", [404, 501, 500, 502, None])
def test_a_trick_that_reaches_nothing_walks_not_around(status: int | None) -> None:
    assert tried(Limiter(tricked=lambda: status)).around is False


def test_errors_of_a_moment_hide_no_way_around() -> None:
    answers = iter([503, 200, None, 200, 500, *[200] * 9])
    assert tried(Limiter(tricked=lambda: next(answers))).around is True


def test_a_check_that_could_not_tell_says_of_what() -> None:
    limiter = Limiter(refill=1.0, pace=1.5)
    with pytest.raises(Inconclusive, match="too soon to tell whether it was met by: header X"):
        tried_around(bucket(limiter), "fresh quota", {"header X": lambda: TRICK})
    assert limiter.violations == []


def test_what_was_seen_of_one_trick_stays_where_another_could_not_be_told() -> None:
    limiter = Limiter(tricked=lambda: 200)

    def slowly() -> Request:
        limiter.pace = 15.0
        return TRICK

    with pytest.raises(Inconclusive, match=r"met by: slow\."):
        tried_around(bucket(limiter), "fresh quota", {"quick": lambda: TRICK, "slow": slowly})
    assert limiter.violations == [Place(operation="GET /x", part="quick")]
