"""Structured logs: one JSON object a line, written in batches, never with a secret.

A line names the route and the path's template, not the query or a header, so that nothing a
caller sends can end up here by accident.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode
LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}


class _Access(msgspec.Struct, gc=False):
    """The access line of one answer. `at` is epoch seconds."""

    at: float
    level: str
    event: str
    replica: str
    request_id: str
    method: str
    operation: str
    status: int
    ms: float
    client: str
    principal: str | None


def _milli(value: float) -> float:
    """Cut after three decimals: a third of the cost of rounding, for every request."""
    return int(value * 1000) / 1000


def write_to_stdout(lines: bytes) -> None:
    sys.stdout.buffer.write(lines)
    sys.stdout.buffer.flush()


class JsonLog:
    """Buffers lines for at most `delay` seconds; `close` writes what is left."""

    def __init__(
        self,
        replica: str,
        level: str = "INFO",
        *,
        write: Callable[[bytes], None] = write_to_stdout,
        delay: float = 0.1,
    ) -> None:
        self._replica = replica
        self._least = LEVELS.get(level.upper(), 20)
        self._write = write
        self._delay = delay
        self._lines: list[bytes | _Access] = []
        self._timer: asyncio.TimerHandle | None = None

    def request(
        self,
        *,
        request_id: str,
        method: str,
        operation: str,
        status: int,
        seconds: float,
        client: str,
        principal: str | None,
    ) -> None:
        """The access line of one answer."""
        if self._least > 20:
            return
        self._put(
            _Access(
                _milli(time.time()),
                "info",
                "request",
                self._replica,
                request_id,
                method,
                operation,
                status,
                _milli(seconds * 1000),
                client,
                principal,
            )
        )

    def say(self, level: str, event: str, **fields: Any) -> None:
        """Anything else worth a line; `fields` must be JSON and free of secrets."""
        if LEVELS[level] < self._least:
            return
        line = {
            "at": round(time.time(), 3),
            "level": level.lower(),
            "event": event,
            "replica": self._replica,
            **fields,
        }
        # At once: the caller may go on to change what it handed over.
        self._put(_encode(line))

    def _put(self, line: bytes | _Access) -> None:
        self._lines.append(line)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._delay, self.flush)

    def flush(self) -> None:
        self._timer = None
        if self._lines:
            lines, self._lines = self._lines, []
            texts = [line if isinstance(line, bytes) else _encode(line) for line in lines]
            self._write(b"\n".join(texts) + b"\n")

    def silence(self) -> None:
        """Write nothing from now on."""
        self._least = 100

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.flush()
