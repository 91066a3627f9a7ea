"""A loopback server that says what a test tells it to, byte for byte, and keeps what it got."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from l7audit.journal import Exchange, Record
from l7audit.model import Target
from l7audit.probe.probe import Probe
from l7audit.profile import Budget

Script = Callable[[bytes], bytes | list[bytes] | None]


def ok(body: bytes = b"{}", *fields: str, status: str = "200 OK") -> bytes:
    """An answer with a JSON body."""
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"]
    if not any(f.lower().startswith("content-type") for f in fields):
        lines.append("Content-Type: application/json")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@dataclass
class Server:
    """`script` turns a raw request into the raw answer: bytes, pieces sent 20 ms apart, or None
    to hang up."""

    port: int = 0
    script: Script = field(default=lambda _: ok())
    seen: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(socketserver.StreamRequestHandler):
        timeout = 5

        def handle(self) -> None:
            state.connections += 1
            with suppress(OSError):
                while request := self._request():
                    state.seen.append(request)
                    answer = state.script(request)
                    if answer is None:
                        return
                    for piece in [answer] if isinstance(answer, bytes) else answer:
                        self.wfile.write(piece)
                        if not isinstance(answer, bytes):
                            time.sleep(0.02)

        def _request(self) -> bytes:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = self.rfile.readline(65536)
                if not line:
                    return b""
                head += line
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    head += self.rfile.read(int(line.split(b":")[1]))
            return head

    class Listener(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        request_queue_size = 128

    with Listener(("127.0.0.1", 0), Handler) as listener:
        state.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield state
        listener.shutdown()
        thread.join(5)


@dataclass
class Journal:
    """A sink that keeps what it is given."""

    records: list[Record] = field(default_factory=list)

    def __call__(self, record: Record) -> None:
        self.records.append(record)

    @property
    def exchanges(self) -> list[Exchange]:
        return [r for r in self.records if isinstance(r, Exchange)]


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def target(server: Server) -> Target:
    return Target(name="t", provider="external", base_url=server.url, capabilities=[])


@pytest.fixture
def probe(target: Target, journal: Journal) -> Iterator[Probe]:
    made = Probe(target, journal, limits=Budget(timeout=2), check="area/test_x.py::test_y")
    yield made
    made.close()
