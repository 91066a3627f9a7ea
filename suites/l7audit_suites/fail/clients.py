"""Clients that go on working while something happens to the target."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from l7audit.errors import AuditError, TargetLostError
from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.request import Request
from l7audit_suites.fail.timeline import Attempt, Timeline

COUNT = 6
PACE, WRITING_PACE = 0.08, 0.2
"""Seconds between two requests of one client, if answers are not slower. What is written is looked
up and removed again one by one."""

LONGEST = 60.0
"""Seconds after which clients stop by themselves."""

_THROTTLED_PAUSE = 0.25

Next = Callable[[], tuple[Request, str]]
"""A request and the marker of what it writes; called by many threads at once."""


class Clients:
    """So many clients at work within a `with`, each with one request at a time and no patience.

    Errors: what sending raises (`BudgetSpentError`, say) is raised again at the end of the block.
    """

    def __init__(
        self,
        check: Check,
        who: Identity,
        following: Next,
        count: int = COUNT,
        pace: float = PACE,
    ) -> None:
        self._check = check
        self._who = who
        self._following = following
        self._pace = pace
        self._over = threading.Event()
        self._attempts: list[Attempt] = []
        self._failure: AuditError | None = None
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self._failure is not None and kind is None:
            raise self._failure

    def timeline(self) -> Timeline:
        """What they saw so far."""
        return Timeline.of(self._attempts)

    @property
    def mostly_throttled(self) -> bool:
        """Whether limits kept them from working, so that little was seen."""
        return 2 * sum(a.throttled for a in self._attempts) > len(self._attempts)

    def _work(self) -> None:
        end = time.perf_counter() + LONGEST
        try:
            while not self._over.is_set() and time.perf_counter() < end:
                attempt = self._tried()
                self._attempts.append(attempt)
                pause = _THROTTLED_PAUSE if attempt.throttled else self._pace - attempt.seconds
                self._over.wait(max(0.0, pause))
        except AuditError as error:
            self._failure = error

    def _tried(self) -> Attempt:
        request, marker = self._following()
        began = time.perf_counter()
        try:
            # A burst of one: a request that is lost is not tried again behind our back.
            answer = self._check.probe.burst([request], 1, self._who.name)[0]
        except TargetLostError:
            return Attempt(began, time.perf_counter(), None, marker)
        return Attempt(answer.started, answer.ended, answer, marker)
