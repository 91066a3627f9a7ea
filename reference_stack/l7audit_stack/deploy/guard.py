"""A process that does nothing but outlive the supervisor and clear up after it.

Without it, `kill -9` of the supervisor would leave its data, and components that are paused or
have started processes of their own would live on: the kernel kills direct children only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from l7audit_stack.deploy.homes import Home
from l7audit_stack.deploy.system import adopt_orphans, descendants, die_with_parent, send


def guarded(body: Callable[[], int], home: Home, clear: Callable[[], None] = lambda: None) -> int:
    """Run `body` in a child. When that has ended, by whatever cause, nothing of it is left:
    `clear` removes what is no process of ours.

    Needs a process without threads. Answers the exit code of the child; 128 + n if signal n
    ended it.
    """
    guard = os.getpid()
    adopt_orphans()
    supervisor = os.fork()
    if supervisor == 0:
        die_with_parent(guard, signal.SIGTERM)
        code = body()
        if os.getppid() != guard:  # somebody killed the guard: its work is ours now
            clear()
            home.remove()
        sys.exit(code)
    _let_go_of_the_pipes()

    def pass_on(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the interface
        send(supervisor, signal.Signals(number))

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)
    status = _wait_for(supervisor)
    _end_all(guard)
    clear()
    home.remove()
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _let_go_of_the_pipes() -> None:
    """The parent must see the end of the supervisor's output, not of ours."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nothing, descriptor)
    os.close(nothing)


def _wait_for(supervisor: int) -> int:
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == supervisor:
            return status


def _end_all(guard: int) -> None:
    """Kill what is left. It takes turns: children of the killed become ours meanwhile."""
    while left := descendants(guard):
        for pid in left:
            send(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)
