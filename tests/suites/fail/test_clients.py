"""Clients keep working, one request at a time each, and tell what became of every request."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from l7audit.errors import BudgetSpentError, TargetLostError
from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.fail.clients import Clients

READ = Request("GET", "/things/1")
WHO = Identity(name="ann", role="user")

Answering = Callable[[Request], Answer]


def check(answering: Answering) -> Check:
    def burst(requests: Sequence[Request], concurrency: int, identity: str) -> list[Answer]:
        assert (len(requests), concurrency, identity) == (1, 1, "ann")
        return [answering(requests[0])]

    return cast(Check, SimpleNamespace(probe=SimpleNamespace(burst=burst)))


def served(request: Request, status: int = 200) -> Answer:
    now = time.perf_counter()
    return Answer(request=request, status=status, started=now, ended=now)


def worked(answering: Answering, seconds: float = 0.15, count: int = 3, **given: Any) -> Clients:
    with Clients(check(answering), WHO, given.get("following", lambda: (READ, "")), count) as found:
        time.sleep(seconds)
    return found


def test_each_client_has_one_request_at_a_time() -> None:
    lock, most, now = threading.Lock(), 0, 0

    def slowly(request: Request) -> Answer:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1
        return served(request)

    found = worked(slowly)
    assert 1 < most <= 3
    assert len(found.timeline().served) >= 3


def test_a_lost_connection_is_an_attempt_that_failed() -> None:
    def lost(_: Request) -> Answer:
        raise TargetLostError("gone")

    failed = worked(lost).timeline().failed
    assert failed
    assert {a.answer for a in failed} == {None}


def test_writes_are_known_by_their_markers() -> None:
    numbers = itertools.count()
    found = worked(served, following=lambda: (READ, f"write-{next(numbers)}"))
    markers = [a.marker for a in found.timeline().attempts]
    assert markers
    assert len(set(markers)) == len(markers)


def test_limits_that_keep_them_from_working_are_told() -> None:
    assert worked(lambda request: served(request, 429)).mostly_throttled
    assert not worked(served).mostly_throttled


def test_a_spent_budget_is_raised_at_the_end() -> None:
    def spent(_: Request) -> Answer:
        raise BudgetSpentError("spent")

    with pytest.raises(BudgetSpentError):
        worked(spent)
