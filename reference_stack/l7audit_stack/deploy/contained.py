"""A container that runs, as the one that keeps it sees it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from pathlib import Path
from typing import Any

from docker.errors import APIError

from l7audit_stack.deploy.engine import Engine, Spec, sentences

_SIGNALLED = 128  # an exit code above it names the signal


class Contained:
    """A running container. `exited` gets its exit code (negative: the signal that ended it)."""

    def __init__(self, container: Any, log: Path, since: float) -> None:
        self._container = container
        self._log = log
        self._loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[int] = self._loop.create_future()
        self.pid = int(container.attrs["State"]["Pid"])
        threading.Thread(target=self._follow, args=(since,), daemon=True).start()

    @classmethod
    async def start(cls, engine: Engine, spec: Spec, log: Path) -> Contained:
        """A new container."""
        since = time.time()
        container = await asyncio.to_thread(engine.start, spec)
        return await cls._watch(container, log, since)

    async def start_again(self) -> Contained:
        """The same container once more, with its address and what it has written."""
        since = time.time()
        with sentences():
            await asyncio.to_thread(self._container.start)
        return await self._watch(self._container, self._log, since)

    @classmethod
    async def _watch(cls, container: Any, log: Path, since: float) -> Contained:
        with sentences():
            await asyncio.to_thread(container.reload)
        return cls(container, log, since)

    async def remove(self) -> None:
        """Take the container away."""
        with sentences():
            await asyncio.to_thread(self._container.remove, force=True, v=True)

    @property
    def alive(self) -> bool:
        """Not known to have ended."""
        return not self.exited.done()

    def send(self, number: signal.Signals) -> None:
        """Signal its first process, if it is still there."""
        if self.alive:
            with contextlib.suppress(APIError):  # it has ended meanwhile
                self._container.kill(signal=int(number))

    def send_tree(self, number: signal.Signals) -> None:
        """Signal all of its processes: the engine pauses, resumes and kills containers whole."""
        if not self.alive:
            return
        deeds = {signal.SIGSTOP: self._container.pause, signal.SIGCONT: self._container.unpause}
        with contextlib.suppress(APIError):  # it has ended meanwhile, or was not paused
            deeds.get(number, self._container.kill)()

    def _follow(self, since: float) -> None:
        """Copy what it says to the log until it ends."""
        try:
            with self._log.open("ab", buffering=0) as file:
                for said in self._container.logs(stream=True, follow=True, since=since):
                    file.write(said)
            code = int(self._container.wait()["StatusCode"])
        except Exception:  # noqa: BLE001 - whatever went wrong, it is not watched any more
            code = _SIGNALLED + signal.SIGKILL
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self._ended, code)

    def _ended(self, code: int) -> None:
        if self.alive:
            self.exited.set_result(_SIGNALLED - code if code > _SIGNALLED else code)
