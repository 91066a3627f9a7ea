"""What every embedded component offers to the one that keeps it running."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Protocol

from l7audit_stack.deploy.children import Programs
from l7audit_stack.deploy.commands import Command
from l7audit_stack.deploy.topology import Kind


class Component(Protocol):
    """A process to be. Everything it needs (ports, passwords, folders) was decided before."""

    @property
    def name(self) -> str:
        """Unique within the stack, as users type it: `postgres`, `api-1`, `lane-3.edge`."""

    @property
    def kind(self) -> Kind:
        """The part of the topology that it is."""

    @property
    def port(self) -> int:
        """The loopback port it listens on."""

    @property
    def endpoint(self) -> str:
        """Where it listens, without credentials."""

    @property
    def stop_signal(self) -> signal.Signals:
        """Asks it to end in good order."""

    async def prepare(self, programs: Programs, log: Path) -> None:
        """Make what the command needs: files, folders. Also runs before a restart."""

    def command(self) -> Command:
        """What to run."""

    async def ready(self) -> bool:
        """Ask once whether it serves; False or OSError while it does not yet."""
