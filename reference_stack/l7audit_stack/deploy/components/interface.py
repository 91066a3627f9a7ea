"""What every component offers to the one that keeps it running."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Protocol

from l7audit_stack.deploy.commands import Command, Program
from l7audit_stack.deploy.privilege import Privilege
from l7audit_stack.deploy.seats import Seat
from l7audit_stack.deploy.topology import Kind


class Tools(Protocol):
    """What components prepare themselves with."""

    @property
    def privilege(self) -> Privilege:
        """How programs are kept from being root."""
        ...

    async def run(self, program: Program, log: Path) -> int:
        """Run a program to its end; answers the exit code."""
        ...


class Component(Protocol):
    """A process or container to be. What it needs (ports, passwords, folders) is decided before."""

    @property
    def name(self) -> str:
        """Unique within the stack, as users type it: `postgres`, `api-1`, `lane-3.edge`."""

    @property
    def kind(self) -> Kind:
        """The part of the topology that it is."""

    @property
    def port(self) -> int:
        """The loopback port at which this machine reaches it."""

    @property
    def endpoint(self) -> str:
        """Where this machine reaches it, without credentials."""

    @property
    def seat(self) -> Seat | None:
        """Where the other components reach it; loopback without one."""
        ...

    @property
    def stop_signal(self) -> signal.Signals:
        """Asks it to end in good order."""

    async def prepare(self, tools: Tools, log: Path) -> None:
        """Make what the command needs: files, folders. Also runs before a restart."""

    def command(self) -> Command:
        """What to run."""

    async def ready(self) -> bool:
        """Ask once whether it serves; False or OSError while it does not yet."""
