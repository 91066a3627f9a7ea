"""How long a throttled request is waited for, so that being throttled is not taken for refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from l7audit.probe.answer import Answer, Headers

TRIES = 3
SECONDS = 5.0
"""How often, and how long each time, a request waits and is sent again."""

_USUAL = 1.0
"""Seconds that are waited where nothing is said."""

_VAIN = 60.0
"""Seconds for which nobody waits where waiting was in vain."""


class Patience:
    """What is worth waiting for at one target; safe for threads.

    Nobody waits for an operation that asks to come back later than patience lasts, nor for one
    that was waited for in vain a short while ago: every check would lose the same time again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._vain: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def pause(self, answer: Answer, tried: int) -> float | None:
        """Seconds to wait before a throttled request is sent once more, having been sent again
        `tried` times; None where it is not to be sent again."""
        key = (answer.request.method, answer.request.path.partition("?")[0])
        asked = retry_after(answer.headers)
        with self._lock:
            now = self._clock()
            if tried >= TRIES:
                self._vain[key] = now + _VAIN
            if now < self._vain.get(key, now) or (asked or 0.0) > (TRIES - tried) * SECONDS:
                return None
        return min(SECONDS, max(0.1, _USUAL if asked is None else asked))


def retry_after(headers: Headers) -> float | None:
    """Seconds that an answer asks for (RFC 9110, 10.2.3); None without.

    A date counts from the answer's own `Date`, so that clocks don't matter.
    """
    value = headers.get("Retry-After").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    then, now = _date(value), _date(headers.get("Date"))
    return (then - now).total_seconds() if then and now else None


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
