"""A bound on how long a handler may take, for next to nothing a request.

`asyncio.timeout` costs a timer each time (9 us measured, of some 60 for a whole request); here one
timer looks after all running handlers, so a handler may run up to `every` seconds longer. The loop
is kept, because asking for the running one is a system call each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class _Running:
    __slots__ = ("late", "task", "until")

    def __init__(self, task: asyncio.Task[Any], until: float) -> None:
        self.task = task
        self.until = until
        self.late = False


class Deadlines:
    """Cancels what runs past its deadline. Seconds throughout."""

    def __init__(self, every: float = 0.1) -> None:
        self._every = every
        self._running: set[_Running] = set()
        self._watching = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, work: Awaitable[T], seconds: float) -> T:
        """The result of `work`; raises TimeoutError once it took longer than `seconds`."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a deadline needs a task")
        running = _Running(task, loop.time() + seconds)
        self._running.add(running)
        if not self._watching:
            self._watching = True
            loop.call_later(self._every, self._watch, loop)
        try:
            return await work
        except asyncio.CancelledError:
            # Only our own cancellation becomes a time-out; one from outside goes on.
            if running.late and task.uncancel() == 0:
                raise TimeoutError from None
            raise
        finally:
            self._running.discard(running)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for running in self._running:
            if running.until <= now and not running.late:
                running.late = True
                running.task.cancel()
        self._watching = bool(self._running)
        if self._watching:
            loop.call_later(self._every, self._watch, loop)
