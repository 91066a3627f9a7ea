"""Inputs that make an interpreter wait, and whether it did: judged beside the same input that
asks for no wait at all."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

SECONDS = 0.4
"""How long an interpreter is asked to wait."""

SLEEPS = (
    "lq$(sleep {t})'||(SELECT pg_sleep({t}))||'",
    "lq' OR SLEEP({t}) OR '1'='2",
    "lq'; WAITFOR DELAY '0:0:{t}' --$(sleep {t})'",
    "__import__('time').sleep({t})",
)
"""For PostgreSQL, and shells within double quotes or none; for MySQL; for SQL Server, and shells
within single quotes (what is no command to them has its words computed first); for Python."""

ROUNDS = 3


def waits(took: float, usual: Sequence[float]) -> bool:
    """Whether a request took so much longer than usual that it is worth to be asked again.

    All in seconds.
    """
    return took > statistics.median(usual) + SECONDS * 0.8


def decides(asked: Sequence[float], null: Sequence[float]) -> bool:
    """Whether the wait that was asked for came each time, and never where none was asked for.

    Seconds of interleaved requests; a target that is late by itself is so on both sides.
    """
    return min(asked) > max(null) + SECONDS * 0.6
