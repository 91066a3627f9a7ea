"""A restored database server, beside the one that it was backed up from."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

from l7audit_stack.deploy.commands import Program
from l7audit_stack.deploy.components.interface import Tools
from l7audit_stack.deploy.components.postgres import BINARIES, PACKAGE, serves
from l7audit_stack.deploy.ports import LOOPBACK
from l7audit_stack.deploy.seats import Seat
from l7audit_stack.deploy.topology import Kind

_SMALL = {
    "shared_buffers": "16MB",
    "max_connections": "20",
    "hot_standby": "off",  # nobody is let in before the recovery is over
    "autovacuum": "off",
}


@dataclass(frozen=True)
class Scratch:
    """A server on a folder that `Backups.prepare` made; it serves once it has recovered."""

    data: Path
    port: int
    name: str
    seat: Seat | None = None
    kind: Kind = Kind.POSTGRES
    stop_signal: signal.Signals = signal.SIGQUIT  # at once: what it holds is thrown away

    @property
    def endpoint(self) -> str:
        return f"postgresql://{LOOPBACK}:{self.port}"

    async def prepare(self, tools: Tools, log: Path) -> None:
        tools.privilege.hand_over(self.data.parent, self.data.parents[2])  # its socket's, too

    def command(self) -> Program:
        settings = {**_SMALL, "unix_socket_directories": str(self.data.parent)}
        return Program(
            (
                f"{BINARIES}/postgres",
                *("-D", str(self.data), "-p", str(self.port)),
                *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
            ),
            unprivileged=True,
            package=PACKAGE,
        )

    async def ready(self) -> bool:
        return serves(self.data)
