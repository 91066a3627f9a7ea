"""What keeps, starts and ends components, whether they are processes or containers."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Protocol

from l7audit_stack.deploy.commands import Command, Module
from l7audit_stack.deploy.components.interface import Component, Tools


class Running(Protocol):
    """Something that runs. `exited` gets its exit code (negative: the signal that ended it)."""

    @property
    def pid(self) -> int:
        """The id of its first process on this machine."""
        ...

    @property
    def exited(self) -> asyncio.Future[int]:
        """Done once it has ended."""
        ...

    @property
    def alive(self) -> bool:
        """Not known to have ended."""
        ...

    def send(self, number: signal.Signals) -> None:
        """Signal its first process, if it is still there."""
        ...

    def send_tree(self, number: signal.Signals) -> None:
        """Signal all of its processes."""
        ...


class Runner(Protocol):
    """One way of running the stack's parts."""

    @property
    def tools(self) -> Tools:
        """What components prepare themselves with."""
        ...

    async def start(self, component: Component, log: Path) -> Running:
        """Start a component that has prepared itself; both its outputs go to `log`."""
        ...

    async def launch(self, command: Command, log: Path) -> Running:
        """Start what accompanies a component. Raises StackError where that can't be."""
        ...

    async def run(self, module: Module, log: Path, out: Path) -> int:
        """Run a job to its end, with its standard output in `out`; answers the exit code."""
        ...

    def pids(self) -> list[int]:
        """Processes of its own, to be ended by a later run that finds this one dead."""
        ...

    def versions(self) -> dict[str, str]:
        """Component to version."""
        ...

    async def close(self) -> None:
        """End what is left of it. The components were stopped before."""
        ...
