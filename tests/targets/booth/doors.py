"""Little APIs on loopback that let in by different doors, each a real server."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from l7audit.model import Capability, Target
from l7audit.probe.probe import Probe

Said = tuple[int, dict[str, str], Any]
"""Status, header fields, and a body: text as it is, anything else as JSON."""


@dataclass(frozen=True)
class Asked:
    """A request as a service sees it."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Service:
    """A running service, and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [f"{a.method} {a.path}" for a in self.asked]


Reply = Callable[[Asked], Said]
Serve = Callable[[Reply], Service]


@contextmanager
def _serving(reply: Reply) -> Iterator[Service]:
    service = Service("")

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            asked = Asked(self.command, self.path, dict(self.headers.items()), body)
            service.asked.append(asked)
            status, fields, said = reply(asked)
            content = said.encode() if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(status)
            kind = "text/html" if isinstance(said, str) else "application/json"
            for name, value in {"Content-Type": kind, **fields}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self.handle_any()

        def do_POST(self) -> None:
            self.handle_any()

        def do_PATCH(self) -> None:
            self.handle_any()

        def do_DELETE(self) -> None:
            self.handle_any()

        def log_message(self, format: str, *arguments: object) -> None:
            """Stays quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        service.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield service
        server.shutdown()
        thread.join()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a service that answers as a function says."""
    with ExitStack() as stack:
        yield lambda reply: stack.enter_context(_serving(reply))


@pytest.fixture
def probing() -> Iterator[Callable[..., tuple[Target, Probe]]]:
    """A target at a URL with these hints, and a probe for it."""
    with ExitStack() as stack:

        def opened(url: str, **hints: Any) -> tuple[Target, Probe]:
            target = Target(
                name="t",
                provider="external",
                base_url=url,
                capabilities=[Capability.HTTP],
                hints=hints,
            )
            probe = Probe(target, lambda _: None)
            stack.callback(probe.close)
            return target, probe

        yield opened
