"""A service of a few lines in the test's own process, which breaks when a test wants it to.

`GET /things` wants the key, `GET /open` does not, things can be made and removed, and
`GET /wait` gives no answer until it is told to.
"""

from __future__ import annotations

import json
import secrets
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

from l7audit.model import Capability, Credential, Identity, Target

KEY_HEADER = "X-Booth-Key"

_THING = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
}
_ONE = {"200": {"description": "One", "content": {"application/json": {"schema": _THING}}}}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_KEY = [{"key": []}]
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Booth", "version": "1"},
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": KEY_HEADER}}
    },
    "paths": {
        "/open": {"get": {"security": [], "responses": {"200": {"description": "Open"}}}},
        "/things": {
            "get": {"security": _KEY, "responses": {"200": {"description": "All"}}},
            "post": {
                "security": _KEY,
                "requestBody": {"content": {"application/json": {"schema": _THING}}},
                "responses": {"201": _ONE["200"]},
            },
        },
        "/things/{id}": {
            "get": {"security": _KEY, "parameters": [_ID], "responses": _ONE},
            "delete": {
                "security": _KEY,
                "parameters": [_ID],
                "responses": {"204": {"description": "Gone"}},
            },
        },
    },
}


class Booth:
    """`seen` are the requests so far. `weak` names what is wrong with it, `good_for` how many
    requests the key opens, `lives_for` how many it answers before it is gone, `statuses` the paths
    that answer nothing but a status."""

    def __init__(self) -> None:
        self.key = secrets.token_urlsafe(16)
        self.things: dict[str, Any] = {}
        self.seen: list[tuple[str, str]] = []
        self.weak: set[str] = set()
        self.statuses: dict[str, int] = {}
        self.good_for: int | None = None
        self.lives_for: int | None = None
        self.document: bytes = json.dumps(DOCUMENT).encode()
        self.asked_to_wait = threading.Event()
        self.go_on = threading.Event()
        self.waited_for = b"{}"
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def identities(self) -> list[Identity]:
        """One reader, with the key."""
        key = Credential(kind="api_key", name=KEY_HEADER, secret=self.key)
        return [Identity(name="reader", credentials=[key])]

    @property
    def target(self) -> Target:
        """The booth as a provider opens it."""
        return Target(
            name="booth",
            provider="external",
            base_url=self.url,
            capabilities=[Capability.HTTP, Capability.OPENAPI, Capability.IDENTITIES],
            openapi=f"{self.url}/openapi.json",
            identities=self.identities,
        )

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(p == path for _, p in self.seen)

    def die(self) -> None:
        """Hangs up and listens no more. Dying twice does no harm."""
        self.go_on.set()
        for each in (self._listener, *self._connections):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)  # wakes whoever waits on it
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, address = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connections.append(connection)
                threading.Thread(
                    target=self._serve, args=(connection, address), daemon=True
                ).start()

    def _serve(self, connection: socket.socket, address: Any) -> None:
        with connection, suppress(OSError, ValueError):
            _Handler(connection, address, self)  # type: ignore[arg-type]

    def answer(self, method: str, path: str, key: str | None, body: bytes) -> tuple[int, bytes]:
        """The status and body for a request."""
        with self._lock:
            self.seen.append((method, path))
            if self.lives_for is not None and len(self.seen) > self.lives_for:
                self.die()
                raise ConnectionAbortedError("the booth is gone")
        if path in self.statuses:
            return self.statuses[path], b"{}"
        if path == "/wait":
            self.asked_to_wait.set()
            self.go_on.wait(60)
            return 200, self.waited_for
        if path == "/openapi.json":
            return 200, self.document
        if path == "/open":
            return 200, json.dumps({"open": True, "odd": "odd" in self.weak}).encode()
        if not path.startswith("/things"):
            return 404, b"{}"
        if not self._opens(key) and "open" not in self.weak:
            return 401, b"{}"
        return self._things(method, path.removeprefix("/things").strip("/"), body)

    def _opens(self, key: str | None) -> bool:
        with self._lock:
            if key != self.key or self.good_for == 0:
                return False
            if self.good_for is not None:
                self.good_for -= 1
            return True

    def _things(self, method: str, name: str, body: bytes) -> tuple[int, bytes]:
        if not name and method == "GET":
            return 200, json.dumps(list(self.things.values())).encode()
        if not name:
            name = secrets.token_hex(4)
            self.things[name] = {**json.loads(body), "id": name}
            return 201, json.dumps(self.things[name]).encode()
        if name not in self.things:
            return 404, b"{}"
        if method == "DELETE":
            del self.things[name]
            return 204, b""
        return 200, json.dumps(self.things[name]).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, said = self.server.answer(
            self.command, self.path, self.headers.get(KEY_HEADER), body
        )
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_DELETE = _do  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""
