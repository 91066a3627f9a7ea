"""A replica of the agent API: plain HTTP on loopback, behind the edge."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from l7audit_stack.deploy.commands import Module, Mount
from l7audit_stack.deploy.components.interface import Tools
from l7audit_stack.deploy.ports import LOOPBACK
from l7audit_stack.deploy.probes import http_status
from l7audit_stack.deploy.seats import Seat, on_loopback
from l7audit_stack.deploy.topology import Kind

READY_PATH = "/health/ready"
SERVER = "l7audit_stack.api.serve"
DEFECTIVE_APP = "l7audit_stack.defects.app:create_app"
# What a replica imports; the nursery has it before the first replica is wanted.
WARM_UP = (
    "l7audit_stack.api.app",
    "l7audit_stack.api.serve",
    "l7audit_stack.api.provision",
    "l7audit_stack.backups.archiver",
    "l7audit_stack.backups.job",
    "l7audit_stack.data.migrate",
    "l7audit_stack.data.seed",
    "l7audit_stack.defects.app",
    "l7audit_stack.defects.archiver",
    "l7audit_stack.defects.backup_job",
    "l7audit_stack.defects.rewrite_edge",
    # These are imported late, when they are first used: better once here than in each replica.
    "anyio._backends._asyncio",
    "encodings.idna",
    "httpcore",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
)


@dataclass(frozen=True)
class Replica:
    """One process. `environment` is complete: settings come from nowhere else."""

    name: str
    port: int
    environment: Mapping[str, str]
    defects: tuple[str, ...] = ()
    seat: Seat | None = None
    mounts: tuple[Mount, ...] = ()
    kind: Kind = Kind.API
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    async def prepare(self, tools: Tools, log: Path) -> None:
        """Nothing: secrets and database belong to the lane."""

    def command(self) -> Module:
        seat = self.seat or on_loopback(self.port)
        arguments: tuple[str, ...] = ("--host", seat.bind, "--port", str(seat.port))
        environment = {**self.environment, "REPLICA_NAME": self.name}
        if self.defects:
            arguments += ("--app", DEFECTIVE_APP)
            environment["L7_DEFECTS"] = ",".join(self.defects)
        return Module(SERVER, arguments, environment, self.mounts)

    async def ready(self) -> bool:
        return await http_status(self.port, READY_PATH) == 200
