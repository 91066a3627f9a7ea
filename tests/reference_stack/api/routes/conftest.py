"""A replica in the test's process, callers of two tenants, and a check of every answer.

`within(story)` opens a replica on the test database with tenants of its own, runs the story with
its callers, and closes everything. Every answer is held against what its operation declares.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from l7audit_stack.api.app import Application
from l7audit_stack.api.parts import Parts, production_parts
from l7audit_stack.api.provision import provision
from l7audit_stack.api.router import Router
from l7audit_stack.api.settings import Settings

PEOPLE = {
    "alice": ("acme", "admin"),
    "bob": ("acme", "member"),
    "bea": ("acme", "member"),
    "carol": ("acme", "viewer"),
    "dave": ("globex", "member"),
    "erin": ("globex", "admin"),
    "root": ("platform", "operator"),
}


@dataclass(frozen=True)
class People:
    """HTTP clients, each with a key of its caller; `nobody` has none."""

    alice: httpx.AsyncClient
    bob: httpx.AsyncClient
    bea: httpx.AsyncClient
    carol: httpx.AsyncClient
    dave: httpx.AsyncClient
    erin: httpx.AsyncClient
    root: httpx.AsyncClient
    nobody: httpx.AsyncClient
    ids: dict[str, str]
    parts: Parts


Story = Callable[[Any], Awaitable[None]]


async def _enrol(parts: Parts) -> tuple[dict[str, str], dict[str, str]]:
    """Make the tenants and people, and a key for each: ids and keys by name."""
    mark = secrets.token_hex(4)
    ids, keys, tenants = {}, {}, {}
    for name, (tenant, role) in PEOPLE.items():
        if tenant not in tenants:
            tenants[tenant] = await parts.database.fetchval(
                "INSERT INTO tenants (name) VALUES ($1) RETURNING id", f"{tenant}-{mark}"
            )
        ids[name] = await parts.database.fetchval(
            "INSERT INTO principals (tenant_id, name, kind, role, tier)"
            " VALUES ($1, $2, 'user', $3, 'enterprise') RETURNING id::text",
            tenants[tenant],
            name,
            role,
        )
        new = parts.keys.make()
        await parts.identities.add_key(
            principal_id=ids[name],
            name="test",
            lookup=new.lookup,
            digest=new.digest,
            scopes=None,
            expires_at=None,
        )
        keys[name] = new.text
    return ids, keys


def _check_answer(parts: Parts) -> Callable[[httpx.Response], Awaitable[None]]:
    router = Router(parts.operations)

    async def check(answer: httpx.Response) -> None:
        content = await answer.aread()
        media_type = answer.headers.get("content-type", "")
        if answer.status_code >= 400:
            assert media_type == "application/problem+json", (answer.status_code, content)
            problem = msgspec.json.decode(content)
            assert problem["status"] == answer.status_code
            assert answer.status_code not in {500, 502, 504}, problem
            return
        match = router.match(answer.request.url.raw_path.decode().partition("?")[0])
        assert match is not None
        operation = match.methods[answer.request.method]
        assert answer.status_code == operation.status
        if operation.answer is None:
            assert content == b""
        elif media_type == "application/json":
            # Read strictly and written again, the answer must be the same: nothing more, less.
            read = msgspec.json.decode(content, type=operation.answer)
            assert msgspec.json.decode(msgspec.json.encode(read)) == msgspec.json.decode(content)

    return check


@pytest.fixture(scope="module")
def secrets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys that last as long as the module's database: its audit chain is made with one."""
    folder = tmp_path_factory.mktemp("secrets")
    provision(folder)
    return folder


@asynccontextmanager
async def _serving(model: Any) -> AsyncIterator[str]:
    """The URL of a language model that `model.serve` plays; of none without one."""
    if model is None:
        yield "http://127.0.0.1:1"
        return
    server = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
def within(
    database_url: str, store_server: Any, secrets_dir: Path, tmp_path: Path
) -> Callable[..., None]:
    """Run a story: `within(story, model=..., webhook_allowed_hosts=...)`."""
    settings = Settings(
        level="development",
        database_url=database_url,
        store_url=store_server.url,
        public_url="https://127.0.0.1:1",
        secrets_dir=secrets_dir,
        files_dir=tmp_path / "files",
    )

    async def live(story: Story, given: Settings) -> None:
        app = Application(production_parts(given))
        app.parts.log.silence()
        await app.open()
        clients: list[httpx.AsyncClient] = []

        def client(key: str | None) -> httpx.AsyncClient:
            made = httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://test",
                headers={"X-API-Key": key} if key else {},
                event_hooks={"response": [_check_answer(app.parts)]},
            )
            clients.append(made)
            return made

        try:
            ids, keys = await _enrol(app.parts)
            callers = {name: client(key) for name, key in keys.items()}
            await story(People(**callers, nobody=client(None), ids=ids, parts=app.parts))
        finally:
            for made in clients:
                await made.aclose()
            await app.close()

    async def play(story: Story, model: Any, changes: dict[str, Any]) -> None:
        async with _serving(model) as url:
            await live(story, replace(settings, llm_url=url, **changes))

    def run(story: Story, *, model: Any = None, **changes: Any) -> None:
        asyncio.run(play(story, model, changes))

    return run


@pytest.fixture
def sink() -> Iterator[tuple[int, list[tuple[dict[str, str], bytes]]]]:
    """The port of a loopback server, and what reached it."""
    seen: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(({name.lower(): value for name, value in self.headers.items()}, content))
            self.send_response(302 if self.path == "/moved" else 204)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_address[1], seen
    server.shutdown()
    thread.join()
    server.server_close()
