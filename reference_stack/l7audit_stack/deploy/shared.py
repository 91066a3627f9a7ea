"""What all lanes of a stack share: the servers, the seeded data and the means to start more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from l7audit_stack.deploy.certificates import Certificates, make_certificates
from l7audit_stack.deploy.commands import Module, Mount
from l7audit_stack.deploy.components.interface import Component
from l7audit_stack.deploy.components.llm import LLM
from l7audit_stack.deploy.components.postgres import TEMPLATE, Postgres
from l7audit_stack.deploy.components.store import Store
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.homes import Home, users_folder
from l7audit_stack.deploy.keeper import Keeper
from l7audit_stack.deploy.logs import last_lines
from l7audit_stack.deploy.mode import Machinery
from l7audit_stack.deploy.ports import Ports
from l7audit_stack.deploy.runner import Runner
from l7audit_stack.deploy.seats import Seats
from l7audit_stack.deploy.topology import Kind


class Seed(msgspec.Struct, frozen=True):
    """What seeding printed: the demo tenants and the credentials of their identities."""

    tenants: list[Any]
    identities: list[dict[str, Any]]


@dataclass
class Shared:
    """One of each for the whole stack. `seed` is set once the demo data is in the template."""

    home: Home
    logs: Path
    ports: Ports
    runner: Runner
    seats: Seats
    certificates: Certificates
    postgres: Postgres
    store: Store
    llm: LLM
    keepers: dict[str, Keeper] = field(default_factory=dict)
    seed: Seed | None = None

    @classmethod
    def open(cls, home: Home, logs: Path, machinery: Machinery) -> Shared:
        """Decide ports, passwords and folders. Starts no server."""
        ports, seats = Ports(users_folder()), machinery.seats
        sql, redis, http = (ports.take() for _ in range(3))
        shared = cls(
            home=home,
            logs=logs,
            ports=ports,
            runner=machinery.runner,
            seats=seats,
            certificates=make_certificates(home.folder / "tls"),
            postgres=Postgres(
                home.folder, sql, seats.take(Kind.POSTGRES, sql), cached=not machinery.image_model
            ),
            store=Store(home.folder, redis, seats.take(Kind.STORE, redis)),
            llm=LLM(http, seats.take(Kind.LLM, http), machinery.image_model),
        )
        shared.edges.mkdir(mode=0o700)
        for component in (shared.postgres, shared.store, shared.llm):
            shared.keep(component)
        return shared

    def keep(self, component: Component) -> Keeper:
        """A keeper for a component, findable by its name."""
        log = self.log(component.name)
        keeper = Keeper(component, self.runner, log)
        self.keepers[component.name] = keeper
        return keeper

    def log(self, name: str) -> Path:
        """The log file of a component or job."""
        return self.logs / f"{name}.log"

    @property
    def secrets(self) -> Path:
        """Key files as provisioned; lanes work on copies."""
        return self.home.folder / "secrets"

    @property
    def edges(self) -> Path:
        """Where edges have their configurations and sockets."""
        return self.home.folder / "edge"

    @property
    def files(self) -> Path:
        """The files-by-path root as seeded; lanes work on copies."""
        return self.home.folder / "files"

    def record_processes(self) -> None:
        """Note what runs, for a later run that may find this one dead."""
        pids = [keeper.pid for keeper in self.keepers.values() if keeper.pid is not None]
        self.home.record([*self.runner.pids(), *pids])

    async def start_postgres(self) -> None:
        """The server, the API's role and the database to be seeded."""
        await self.keepers[self.postgres.name].start()
        await self.postgres.create_template(self.runner.tools, self.log("database"))

    async def make_secrets(self) -> None:
        """The key files."""
        self.files.mkdir(mode=0o700)
        self.secrets.mkdir(mode=0o700)
        await self._job("secrets", "l7audit_stack.api.provision", str(self.secrets))

    async def make_schema(self) -> None:
        """The tables."""
        await self._job("schema", "l7audit_stack.data.migrate")

    async def make_seed(self) -> None:
        """The demo tenants and identities."""
        printed = await self._job("seed", "l7audit_stack.data.seed")
        self.seed = msgspec.json.decode(printed, type=Seed)

    async def job(self, name: str, module: Module) -> bytes:
        """Run a module to its end; answers what it printed. Raises StackError if it failed."""
        log, out = self.log(name), self.home.folder / f"{name}.out"
        since = log.stat().st_size if log.exists() else 0
        code = await self.runner.run(module, log, out)
        if code != 0:
            raise StackError(
                f"{name} failed (exit code {code}). Last log lines:\n{last_lines(log, since=since)}"
            )
        printed = out.read_bytes()
        out.unlink()  # seeding prints credentials
        return printed

    async def _job(self, name: str, module: str, *arguments: str) -> bytes:
        environment = {
            "DATABASE_URL": self.postgres.peer_url(TEMPLATE),
            "SECRETS_DIR": str(self.secrets),
            "FILES_DIR": str(self.files),
        }
        mounts = (Mount(self.secrets, writable=True), Mount(self.files, writable=True))
        return await self.job(name, Module(module, arguments, environment, mounts))

    async def close(self) -> None:
        """Stop every component."""
        await asyncio.gather(*(keeper.stop() for keeper in self.keepers.values()))
        await self.runner.close()
        self.ports.release()
