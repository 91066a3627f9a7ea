"""The file in a run's folder that tells other processes how to reach its supervisor.

It holds no secret: run folders are kept and shown to others.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.homes import Home, Process
from l7audit_stack.deploy.system import start_time


class State(msgspec.Struct, frozen=True):
    """The running supervisor, its control socket and its private folder."""

    supervisor: Process
    socket: str
    folder: str


class StateFile:
    """`stack.json` in a run folder; it is there exactly while the stack serves."""

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / "stack.json"

    def write(self, home: Home) -> None:
        """Say that this process supervises the stack of that home."""
        pid = os.getpid()
        state = State(Process(pid, start_time(pid) or ""), str(home.socket), str(home.folder))
        unfinished = self.path.with_suffix(".new")
        unfinished.write_bytes(msgspec.json.encode(state))
        unfinished.rename(self.path)

    def remove(self, home: Home) -> None:
        """Take the file away, unless another stack has written it since."""
        if self.path.exists() and self._read().folder == str(home.folder):
            self.path.unlink()

    def is_running(self) -> bool:
        """Whether the stack that wrote it lives."""
        if not self.path.exists():
            return False
        supervisor = self._read().supervisor
        return start_time(supervisor.pid) == supervisor.started

    def running(self) -> State:
        """The stack of this folder. Raises StackError if there is none (any more)."""
        if not self.path.exists():
            raise StackError(f"No stack is running for {self.path.parent}: start one first.")
        state = self._read()
        if not self.is_running():
            raise StackError(
                f"The stack of {self.path.parent} ended without saying so: start one again."
            )
        return state

    def _read(self) -> State:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=State)
        except msgspec.DecodeError as error:
            raise StackError(f"{self.path} is damaged ({error}): delete it.") from error
