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
    """The running supervisor, its control socket and its private folder.

    `starter` is the process that it ends with; a detached one has none.
    """

    supervisor: Process
    socket: str
    folder: str
    starter: Process | None = None


class StateFile:
    """`stack.json` in a run folder; it is there exactly while the stack serves."""

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / "stack.json"

    def write(self, home: Home, starter: Process | None = None) -> None:
        """Say that this process supervises the stack of that home."""
        pid = os.getpid()
        own = Process(pid, start_time(pid) or "")
        state = State(own, str(home.socket), str(home.folder), starter)
        unfinished = self.path.with_suffix(".new")
        unfinished.write_bytes(msgspec.json.encode(state))
        unfinished.rename(self.path)

    def remove(self, home: Home) -> None:
        """Take the file away, unless another stack has written it since."""
        state = self._read()
        if state is not None and state.folder == str(home.folder):
            self.path.unlink()

    def is_running(self) -> bool:
        """Whether the stack that wrote it lives."""
        state = self._read()
        return state is not None and _lives(state.supervisor)

    def is_ending(self) -> bool:
        """Whether the stack that wrote it lives, but not for long: its starter is gone."""
        state = self._read()
        if state is None or state.starter is None:
            return False
        return _lives(state.supervisor) and not _lives(state.starter)

    def running(self) -> State:
        """The stack of this folder. Raises StackError if there is none (any more)."""
        state = self._read()
        if state is None:
            raise StackError(f"No stack is running for {self.path.parent}: start one first.")
        if not _lives(state.supervisor):
            raise StackError(
                f"The stack of {self.path.parent} ended without saying so: start one again."
            )
        return state

    def _read(self) -> State | None:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=State)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except msgspec.DecodeError as error:
            raise StackError(f"{self.path} is damaged ({error}): delete it.") from error


def _lives(process: Process) -> bool:
    return start_time(process.pid) == process.started
