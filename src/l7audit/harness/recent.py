"""What was read with success a moment ago, and how often: nothing is sent to see it once more.

The closing witness of one check and the opening one of the next are mostly the same read, sent
twice within milliseconds. The closing one is always sent, so no pass rests on what is kept here.
And who reads the same again and again is a flood already: what one needs is sent for less.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from l7audit.probe.answer import Answer
from l7audit.probe.request import Request

SECONDS = 5.0
"""How long a read that succeeded is taken to succeed still, where nothing happened since."""

MINUTE = 60.0
_MOST = 500
"""Reads of one kind that are counted."""


class Recent:
    """Hears of every answer of a process. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Request, Answer] = {}
        self._ended: dict[Request, deque[float]] = {}

    def notice(self, answer: Answer) -> None:
        """Keeps a read that succeeded; anything else may have changed what they all tell."""
        with self._lock:
            if answer.request.method == "GET" and answer.ok:
                self._known[answer.request] = answer
                self._ended.setdefault(answer.request, deque(maxlen=_MOST)).append(answer.ended)
                return
            self._known.clear()
            if answer.throttled:
                self._forget(answer.request)

    def _forget(self, held_back: Request) -> None:
        """What was counted for the caller who was held back, or at that place, counts no more."""
        path, headers = held_back.path, held_back.headers
        kept = {r: t for r, t in self._ended.items() if path != r.path and headers != r.headers}
        self._ended = kept

    def of(self, request: Request) -> Answer | None:
        """The answer to the same read, where nothing but reads that succeeded came after it."""
        with self._lock:
            known = self._known.get(request)
        if known is None or time.perf_counter() - known.ended > SECONDS:
            return None
        return known

    def count(self, request: Request) -> int:
        """How often this very read succeeded within the last minute, where neither its caller nor
        anybody at its place was throttled meanwhile."""
        since = time.perf_counter() - MINUTE
        with self._lock:
            return sum(ended > since for ended in self._ended.get(request, ()))
