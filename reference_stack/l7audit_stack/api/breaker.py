"""A circuit breaker: stop asking a dependency that keeps failing, and try again after a pause.

Closed: calls pass. After `threshold` failures in a row: open, calls are refused at once. After
`pause` seconds one trial call passes; its outcome closes the breaker or opens it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class BreakerOpenError(RuntimeError):
    """The dependency is not asked now. `retry_after` is in seconds, at least one."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("The service behind this operation is paused after repeated failures.")
        self.retry_after = retry_after


@dataclass(slots=True)
class Breaker:
    """Counts the failures of one dependency. Not shared between threads."""

    failure: type[Exception]
    threshold: int = 5
    pause: float = 5.0
    clock: Callable[[], float] = time.monotonic
    _failures: int = field(default=0, init=False)
    _opened_at: float | None = field(default=None, init=False)
    _trial: bool = field(default=False, init=False)

    @property
    def state(self) -> str:
        """`closed`, `open`, or `half-open` (the pause is over, a trial may pass or runs)."""
        if self._opened_at is None:
            return "closed"
        return "half-open" if self._remaining() <= 0 else "open"

    def enter(self) -> None:
        """Ask to call. Raises BreakerOpenError; otherwise report with `succeeded`, `failed`
        or `left`.
        """
        if self._opened_at is None:
            return
        remaining = self._remaining()
        if remaining > 0 or self._trial:
            raise BreakerOpenError(max(1, int(remaining + 0.999)))
        self._trial = True

    def succeeded(self) -> None:
        """The dependency answered, be it with a refusal."""
        self._failures, self._opened_at, self._trial = 0, None, False

    def failed(self) -> None:
        """The dependency did not answer as it should."""
        self._failures += 1
        self._trial = False
        if self._opened_at is not None or self._failures >= self.threshold:
            self._opened_at = self.clock()

    def left(self) -> None:
        """The call ended without telling anything about the dependency (it was cancelled)."""
        self._trial = False

    @contextmanager
    def guard(self) -> Iterator[None]:
        """One call: an exception of type `failure` is a failure, any other says nothing."""
        self.enter()
        try:
            yield
        except self.failure:
            self.failed()
            raise
        except BaseException:
            self.left()
            raise
        self.succeeded()

    def _remaining(self) -> float:
        opened = self._opened_at
        return 0.0 if opened is None else opened + self.pause - self.clock()
