"""Lanes: API replicas with an edge, a database and key files of their own.

The ordinary stack is lane 0. Others let planted defects be audited side by side: they share the
servers, and nothing that one lane's audit writes can be seen in another.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from l7audit_stack.deploy.archiving import Archiving
from l7audit_stack.deploy.commands import Module, Mount
from l7audit_stack.deploy.components.api import Replica
from l7audit_stack.deploy.components.edge import Edge
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.keeper import Keeper
from l7audit_stack.deploy.ports import LOOPBACK
from l7audit_stack.deploy.shared import Shared
from l7audit_stack.deploy.topology import Kind
from l7audit_stack.edge.settings import Upstream

CORS_ORIGINS = ("https://app.l7audit.example", "https://console.l7audit.example")
EDGE_REWRITER = "l7audit_stack.defects.rewrite_edge"


@dataclass
class Lane:
    """One lane. Its number is its store database and part of its components' names."""

    number: int
    shared: Shared
    replicas: list[Keeper] = field(default_factory=list)
    edge: Keeper | None = None
    defects: tuple[str, ...] = ()
    receiver_port: int = 0
    resolver_port: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        received = self.shared.home.folder / f"wal-{self.number}"
        self.archiving = Archiving(self.shared, self.name("wal"), received)

    @property
    def database(self) -> str:
        """Its PostgreSQL database."""
        return f"lane_{self.number}"

    def name(self, component: str) -> str:
        """The name of a component in this lane; lane 0's have no prefix."""
        return component if self.number == 0 else f"lane-{self.number}.{component}"

    @property
    def _folder(self) -> Path:
        return self.shared.home.folder / f"lane-{self.number}"

    @property
    def secrets_dir(self) -> Path:
        """Its copy of the key files."""
        return self._folder / "secrets"

    @property
    def files_dir(self) -> Path:
        """Its copy of the files-by-path root."""
        return self._folder / "files"

    @property
    def backups_dir(self) -> Path:
        """Where its backups are kept: neither with the database nor with their keys."""
        return self.shared.home.folder / "backups" / f"lane-{self.number}"

    @property
    def receiver(self) -> str:
        """`host:port` that webhooks may call although it is here: free for whoever listens."""
        return f"{LOOPBACK}:{self.receiver_port}"

    @property
    def resolver(self) -> str:
        """`host:port` of the name server for webhooks' names: free for whoever answers there."""
        return f"{LOOPBACK}:{self.resolver_port}"

    @property
    def edge_component(self) -> Edge:
        """The edge as it was last started."""
        if self.edge is None or not isinstance(self.edge.component, Edge):
            raise StackError(f"Lane {self.number} is not ready.")
        return self.edge.component

    async def prepare(self, replicas: int) -> None:
        """Make its data and decide its ports; starts nothing."""
        shared = self.shared
        self._folder.mkdir(mode=0o700)
        self._restore_keys(data=True)
        shutil.copytree(shared.files, self.files_dir)
        await self._empty(database=True)
        self.receiver_port = shared.ports.take()
        self.resolver_port = shared.ports.take()
        ports = tuple(shared.ports.take() for _ in range(replicas))
        seats = tuple(shared.seats.take(Kind.API, port) for port in ports)
        edge_port = shared.ports.take()
        edge_seat = shared.seats.take(Kind.EDGE, edge_port)
        edge = Edge(
            name=self.name("edge"),
            port=edge_port,
            folder=shared.edges,
            certificates=shared.certificates,
            upstreams=tuple(Upstream(seat.host, seat.port) for seat in seats),
            access_log=shared.log(self.name("edge-access")),
            seat=edge_seat,
        )
        self.edge = shared.keep(edge)
        environment = {
            "SECURITY_LEVEL": "production",
            "DEPLOYMENT_ENVIRONMENT": "production",
            "DATABASE_URL": shared.postgres.peer_url(self.database),
            "STORE_URL": shared.store.peer_url(self.number),
            "LLM_URL": shared.llm.peer_url,
            "PUBLIC_URL": edge.endpoint,
            "CORS_ORIGINS": ",".join(CORS_ORIGINS),
            "TRUSTED_PROXIES": edge_seat.host,
            "SECRETS_DIR": str(self.secrets_dir),
            "FILES_DIR": str(self.files_dir),
            "WEBHOOK_ALLOWED_HOSTS": self.receiver,
            "WEBHOOK_RESOLVER": self.resolver,
        }
        mounts = (Mount(self.secrets_dir, writable=True), Mount(self.files_dir, writable=True))
        self.replicas = [
            shared.keep(
                Replica(self.name(f"api-{number}"), port, environment, self.defects, seat, mounts)
            )
            for number, (port, seat) in enumerate(zip(ports, seats, strict=True), start=1)
        ]

    async def _empty(self, *, database: bool) -> None:
        shared = self.shared
        await shared.store.flush(self.number)
        if database:
            log = shared.log("database")
            await shared.postgres.copy_template(shared.runner.tools, log, self.database)

    def _restore_keys(self, *, data: bool) -> None:
        """The key files as they were made: a defect may have kept a key from being retired. Those
        that seal `data` belong to the database, and are put back with it."""
        sealing = self.secrets_dir / "data"
        for old in self.secrets_dir.glob("*"):
            if old.is_dir() and (data or old != sealing):
                shutil.rmtree(old)
        left = shutil.ignore_patterns(*([] if data else [sealing.name]))
        shutil.copytree(self.shared.secrets, self.secrets_dir, ignore=left, dirs_exist_ok=True)

    async def _forget_policies(self) -> None:
        """Rate policies as they were built in: one that was changed, and changed back, would stand
        over those of the next variant."""
        shared = self.shared
        await shared.postgres.execute(
            shared.runner.tools,
            shared.log("database"),
            "DELETE FROM rate_policies",
            database=self.database,
        )

    async def start_replicas(self) -> None:
        """Start the API."""
        await asyncio.gather(*(keeper.start() for keeper in self.replicas))

    async def start_edge(self) -> None:
        """Start the edge, as the lane's defects want it."""
        edge = self.edge_component
        edge.configure(await self._configuration(self.defects))
        edge_keeper = self._edge_keeper()
        await edge_keeper.start()
        await edge_keeper.wait_until(edge.sees_all_replicas)

    async def switch(self, defects: tuple[str, ...], *, fresh_data: bool) -> None:
        """Run with these defects instead, on the same addresses. Restarts only what differs.

        The store is emptied, backups and the archive of WAL are removed, key files and rate
        policies are put back, so that nothing of one variant is met by the next; `fresh_data` also
        puts the database back to what was seeded.
        """
        configuration = await self._configuration(defects)  # also refuses unknown names
        self.defects = defects
        await asyncio.gather(self.archiving.stop(), *(keeper.kill() for keeper in self.replicas))
        await self._empty(database=fresh_data)
        self._restore_keys(data=fresh_data)
        shutil.rmtree(self.backups_dir, ignore_errors=True)
        if not fresh_data:
            await self._forget_policies()
        edge_differs = self.edge_component.configure(configuration)
        await asyncio.gather(*(self._replace(keeper) for keeper in self.replicas))
        edge = self._edge_keeper()
        if edge_differs:
            await edge.replace(self.edge_component)
        await edge.wait_until(self.edge_component.sees_all_replicas)
        await edge.wait_until(self.edge_component.ready)

    async def close(self) -> None:
        """Stop its components and drop its data."""
        keepers = [*self.replicas, *([self.edge] if self.edge else [])]
        await asyncio.gather(self.archiving.stop(), *(keeper.kill() for keeper in keepers))
        for keeper in keepers:
            del self.shared.keepers[keeper.component.name]
            self.shared.ports.give_back(keeper.component.port)
        shared = self.shared
        shared.ports.give_back(self.receiver_port)
        shared.ports.give_back(self.resolver_port)
        await shared.postgres.execute(
            shared.runner.tools,
            shared.log("database"),
            f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)",
        )
        await shared.store.flush(self.number)
        shutil.rmtree(self._folder)
        shutil.rmtree(self.backups_dir, ignore_errors=True)

    def _edge_keeper(self) -> Keeper:
        if self.edge is None:
            raise StackError(f"Lane {self.number} is not ready.")
        return self.edge

    async def _replace(self, keeper: Keeper) -> None:
        component = keeper.component
        if isinstance(component, Replica):
            await keeper.replace(replace(component, defects=self.defects))

    async def _configuration(self, defects: tuple[str, ...]) -> dict[str, object]:
        """The edge's configuration with these defects. Raises StackError for an unknown name."""
        clean = self.edge_component.clean_configuration()
        if not defects:
            return clean
        source = self.shared.home.folder / f"{self.name('edge')}.clean.json"
        source.write_bytes(msgspec.json.encode(clean))
        printed = await self.shared.job(
            self.name("defects"), Module(EDGE_REWRITER, (str(source), *defects))
        )
        return msgspec.json.decode(printed, type=dict[str, object])
