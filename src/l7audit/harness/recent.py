"""What was read with success a moment ago: an opening witness asks for it only if it may differ.

The closing witness of one check and the opening one of the next are mostly the same read, sent
twice within milliseconds. The closing one is always sent, so no pass rests on what is kept here.
"""

from __future__ import annotations

import threading
import time

from l7audit.probe.answer import Answer
from l7audit.probe.request import Request

SECONDS = 5.0
"""How long a read that succeeded is taken to succeed still, where nothing happened since."""


class Recent:
    """Hears of every answer of a process. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Request, Answer] = {}

    def notice(self, answer: Answer) -> None:
        """Keeps a read that succeeded; anything else may have changed what they all tell."""
        with self._lock:
            if answer.request.method == "GET" and answer.ok:
                self._known[answer.request] = answer
            else:
                self._known.clear()

    def of(self, request: Request) -> Answer | None:
        """The answer to the same read, where nothing but reads that succeeded came after it."""
        with self._lock:
            known = self._known.get(request)
        if known is None or time.perf_counter() - known.ended > SECONDS:
            return None
        return known
