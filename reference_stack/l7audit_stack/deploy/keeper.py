"""Keeps one component: starts it, waits until it serves, and does to it what faults ask for."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path

import msgspec

from l7audit_stack.deploy.components.interface import Component
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.logs import last_lines
from l7audit_stack.deploy.ports import is_free
from l7audit_stack.deploy.runner import Runner, Running

START_SECONDS = 30.0
STOP_SECONDS = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.1


Question = Callable[[], Awaitable[bool]]


class State(StrEnum):
    """Where a component is in its life."""

    STARTING = "starting"
    READY = "ready"
    PAUSED = "paused"
    STOPPED = "stopped"  # because it was asked to, or killed
    EXITED = "exited"  # by itself


class ComponentStatus(msgspec.Struct, frozen=True):
    """A component as it is now."""

    name: str
    kind: str
    state: State
    endpoint: str
    pid: int | None = None
    exit_code: int | None = None


class Keeper:
    """One component and what runs of it, if anything does."""

    def __init__(self, component: Component, runner: Runner, log: Path) -> None:
        self.component = component
        self.log = log
        self._runner = runner
        self._child: Running | None = None
        self._state = State.STOPPED
        self._turn = asyncio.Lock()

    @property
    def state(self) -> State:
        """Looks at the process: it may have ended by itself."""
        was_running = self._state in (State.READY, State.PAUSED)
        return State.EXITED if was_running and self.pid is None else self._state

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._child.pid if self._child is not None and self._child.alive else None

    def status(self) -> ComponentStatus:
        """For `stack status`."""
        ended = self._child is not None and not self._child.alive
        return ComponentStatus(
            name=self.component.name,
            kind=self.component.kind,
            state=self.state,
            endpoint=self.component.endpoint,
            pid=self.pid,
            exit_code=self._child.exited.result() if ended and self._child else None,
        )

    async def start(self) -> None:
        """Start it and wait until it serves. Raises StackError with its last log lines."""
        async with self._turn:
            if self.pid is None:
                await self._start()

    async def stop(self) -> None:
        """Ask it to end, and make it end if it does not within `STOP_SECONDS`."""
        async with self._turn:
            await self._end(self.component.stop_signal)

    async def kill(self) -> None:
        """End it and everything it started at once, as a crash would."""
        async with self._turn:
            await self._end(signal.SIGKILL)

    async def restart(self, component: Component | None = None) -> None:
        """Stop it in good order if it runs, and start it (or `component` in its place)."""
        async with self._turn:
            await self._end(self.component.stop_signal)
            self.component = component or self.component
            await self._start()

    async def replace(self, component: Component) -> None:
        """Like `restart`, but without waiting for good order."""
        async with self._turn:
            await self._end(signal.SIGKILL)
            self.component = component
            await self._start()

    async def pause(self) -> None:
        """Freeze it and everything it started; connections stay open and get no answers."""
        async with self._turn:
            self._need_running().send_tree(signal.SIGSTOP)
            self._state = State.PAUSED

    async def resume(self) -> None:
        """Let it go on after `pause`."""
        async with self._turn:
            self._need_running().send_tree(signal.SIGCONT)
            self._state = State.READY

    async def wait_until(self, question: Question) -> None:
        """Wait for a yes from the running component. Raises StackError after `START_SECONDS`."""
        await self._wait_until(question, self._need_running(), self._log_size())

    def _need_running(self) -> Running:
        if self._child is None or not self._child.alive:
            raise StackError(f"{self.component.name} is not running: restart it first.")
        return self._child

    async def _start(self) -> None:
        name = self.component.name
        if not is_free(self.component.port):
            raise StackError(
                f"{name} can't start: port {self.component.port} on 127.0.0.1 is taken by "
                "another program."
            )
        since = self._log_size()
        self._state = State.STARTING
        try:
            await self.component.prepare(self._runner.tools, self.log)
            self._child = await self._runner.start(self.component, self.log)
            await self._wait_until(self.component.ready, self._child, since)
        except BaseException:
            # Half a component is none: what failed to start must not hold its port.
            await self._end(signal.SIGKILL)
            raise
        self._state = State.READY

    async def _wait_until(self, question: Question, child: Running, since: int) -> None:
        name, loop = self.component.name, asyncio.get_running_loop()
        deadline, pause = loop.time() + START_SECONDS, _FIRST_PAUSE
        while True:
            if not child.alive:
                raise StackError(
                    f"{name} did not start: it ended with {_reason(child.exited.result())}. "
                    f"Last log lines:\n{last_lines(self.log, since=since)}"
                )
            try:
                if await question():
                    return
            except (OSError, TimeoutError, ValueError):
                pass  # not yet
            if loop.time() > deadline:
                raise StackError(
                    f"{name} was not ready within {START_SECONDS:g} s. "
                    f"Last log lines:\n{last_lines(self.log, since=since)}"
                )
            await asyncio.wait([child.exited], timeout=pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    async def _end(self, number: signal.Signals) -> None:
        self._state = State.STOPPED
        child = self._child
        if child is None or not child.alive:
            return
        if number is not signal.SIGKILL:
            child.send(number)
            child.send_tree(signal.SIGCONT)  # a paused process could not obey
            await asyncio.wait([child.exited], timeout=STOP_SECONDS)
        child.send_tree(signal.SIGKILL)
        await child.exited

    def _log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
