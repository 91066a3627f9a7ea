"""The circuit breaker, on a clock of the test's own."""

from __future__ import annotations

import pytest

from l7audit_stack.api.breaker import Breaker, BreakerOpenError


class DownError(RuntimeError):
    """The dependency is down."""


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(DownError), breaker.guard():
            raise DownError


def test_it_opens_after_failures_in_a_row_and_refuses_at_once(clock: Clock) -> None:
    breaker = Breaker(DownError, threshold=3, pause=5.0, clock=clock)
    fail(breaker, 3)
    assert breaker.state == "open"
    with pytest.raises(BreakerOpenError) as refused, breaker.guard():
        pytest.fail("the call passed an open breaker")
    assert refused.value.retry_after == 5


def test_a_success_in_between_starts_the_count_again(clock: Clock) -> None:
    breaker = Breaker(DownError, threshold=3, clock=clock)
    fail(breaker, 2)
    with breaker.guard():
        pass
    fail(breaker, 2)
    assert breaker.state == "closed"


def test_after_the_pause_one_trial_passes_and_its_success_closes(clock: Clock) -> None:
    breaker = Breaker(DownError, threshold=1, pause=5.0, clock=clock)
    fail(breaker)
    clock.now += 5.0
    with breaker.guard():
        with pytest.raises(BreakerOpenError):
            breaker.enter()
        assert breaker.state == "half-open"
    assert breaker.state == "closed"


def test_a_failed_trial_opens_for_another_pause(clock: Clock) -> None:
    breaker = Breaker(DownError, threshold=3, pause=5.0, clock=clock)
    fail(breaker, 3)
    clock.now += 6.0
    fail(breaker)
    with pytest.raises(BreakerOpenError):
        breaker.enter()
    clock.now += 5.0
    breaker.enter()


def test_a_cancelled_trial_lets_the_next_one_try(clock: Clock) -> None:
    breaker = Breaker(DownError, threshold=1, pause=5.0, clock=clock)
    fail(breaker)
    clock.now += 5.0
    with pytest.raises(KeyboardInterrupt), breaker.guard():
        raise KeyboardInterrupt
    breaker.enter()


def test_an_error_of_another_kind_is_no_failure_of_the_dependency(clock: Clock) -> None:
    breaker = Breaker(DownError, threshold=1, clock=clock)
    with pytest.raises(ValueError, match="ours"), breaker.guard():
        raise ValueError("ours")
    assert breaker.state == "closed"
