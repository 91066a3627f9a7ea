"""A limit on how often something may be done: a sliding window for each key."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque

_MOST_KEYS = 10_000


class Window:
    """At most `most` events in `seconds` for each key; the keys longest unused are forgotten."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self._events: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, key: str) -> float:
        """Seconds until `key` may go on; 0 where it may now."""
        with self._lock:
            return self._wait(key, time.monotonic())

    def add(self, key: str) -> None:
        """Counts an event."""
        with self._lock:
            self._add(key, time.monotonic())

    def take(self, key: str) -> float:
        """Counts an event where it is allowed, and says 0; else the seconds until it is."""
        with self._lock:
            now = time.monotonic()
            wait = self._wait(key, now)
            if not wait:
                self._add(key, now)
            return wait

    def forget(self, key: str) -> None:
        """Lets a key begin anew."""
        with self._lock:
            self._events.pop(key, None)

    def _wait(self, key: str, now: float) -> float:
        events = self._events.get(key)
        while events and events[0] <= now - self.seconds:
            events.popleft()
        if not events or len(events) < self.most:
            return 0.0
        return max(0.001, events[0] + self.seconds - now)

    def _add(self, key: str, now: float) -> None:
        self._events.setdefault(key, deque(maxlen=self.most)).append(now)
        self._events.move_to_end(key)
        while len(self._events) > _MOST_KEYS:
            self._events.popitem(last=False)


class NoWindow(Window):
    """A limit that somebody left out."""

    def __init__(self) -> None:
        super().__init__(1, 1.0)

    def _wait(self, key: str, now: float) -> float:
        return 0.0
