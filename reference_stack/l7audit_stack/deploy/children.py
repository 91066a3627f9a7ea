"""Processes that the supervisor starts itself and reaps on SIGCHLD."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from l7audit_stack.deploy.commands import Program, base_environment
from l7audit_stack.deploy.privilege import Privilege
from l7audit_stack.deploy.system import die_with_parent, send, signal_tree
from l7audit_stack.deploy.wheels import local_argv


class Child:
    """A running process. `exited` gets its exit code (negative: the signal that ended it)."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def alive(self) -> bool:
        """Not known to have ended."""
        return not self.exited.done()

    def send(self, number: signal.Signals) -> None:
        """Signal the process, if it is still there."""
        if self.alive:
            send(self.pid, number)

    def send_tree(self, number: signal.Signals) -> None:
        """Signal the process and its descendants."""
        if self.alive:
            signal_tree(self.pid, number)

    def ended(self, code: int) -> None:
        """Note the exit code, once."""
        if self.alive:
            self.exited.set_result(code)


class Programs:
    """Starts executables. Each leads its own session and is killed by the kernel with us."""

    def __init__(self, privilege: Privilege) -> None:
        self.privilege = privilege
        self._running: dict[int, tuple[subprocess.Popen[bytes], Child]] = {}
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    def start(
        self, program: Program, log: Path, *, pass_fds: tuple[int, ...] = (), out: int | None = None
    ) -> Child:
        """Start it with both outputs appended to `log` (standard output to `out` if given)."""
        with log.open("ab") as file:
            popen = subprocess.Popen(
                local_argv(program),
                env={**base_environment(), **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=file if out is None else out,
                stderr=file,
                start_new_session=True,
                pass_fds=pass_fds,
                preexec_fn=_before_exec(self.privilege if program.unprivileged else None),
            )
        child = Child(popen.pid)
        self._running[popen.pid] = (popen, child)
        return child

    async def run(self, program: Program, log: Path) -> int:
        """Run it to its end; answers the exit code."""
        return await self.start(program, log).exited

    def _reap(self) -> None:
        for pid, (popen, child) in list(self._running.items()):
            code = popen.poll()
            if code is not None:
                del self._running[pid]
                child.ended(code)


def _before_exec(privilege: Privilege | None) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        if privilege is not None:
            privilege.drop()
        # Last, because a change of user makes the kernel forget it.
        die_with_parent(parent)

    return prepare
