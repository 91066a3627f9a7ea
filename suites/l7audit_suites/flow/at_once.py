"""Requests that reach the target at once: on connections that are open already."""

from __future__ import annotations

import time
from weakref import WeakKeyDictionary

from l7audit.harness.check import Check
from l7audit.probe.request import Request
from l7audit.target.sessions import Sessions

_SECONDS = 2.0
"""How long connections that were used count as open: shorter than anybody keeps idle ones."""

_OPENED: WeakKeyDictionary[Sessions, tuple[int, float]] = WeakKeyDictionary()
"""How many connections each check opened, and when they were used last."""


def warmed(check: Check, idle: Request, most: int) -> None:
    """Opens so many connections by a request that changes nothing, unless an earlier round of the
    check did so a moment ago."""
    now = time.monotonic()
    number, used = _OPENED.get(check.sessions, (0, 0.0))
    if number < most or now - used > _SECONDS:
        check.burst([idle] * most, most)
    _OPENED[check.sessions] = (max(number, most), time.monotonic())
