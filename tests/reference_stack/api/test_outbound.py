"""The guard of outbound calls: what it refuses, what it sends and where."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from l7audit_stack.api.outbound import (
    OutboundFailedError,
    OutboundGuard,
    OutboundRefusedError,
)


@dataclass
class Sink:
    """A loopback server that notes what reaches it and answers what it is told."""

    port: int
    seen: list[tuple[str, str, bytes]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"


@pytest.fixture
def sink() -> Iterator[Sink]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            noted.seen.append((self.path, self.headers["Host"], content))
            self.send_response(noted.status)
            for name, value in noted.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(noted.body)))
            self.end_headers()
            try:
                self.wfile.write(noted.body)
            except OSError as error:
                noted.headers["gone"] = str(error)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    noted = Sink(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield noted
    server.shutdown()
    thread.join()
    server.server_close()


async def resolve_to_loopback(_host: str, _port: int) -> tuple[str, ...]:
    return ("127.0.0.1",)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_x",
        "//example.com/",
        "https:///nohost",
        "https://user:secret@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/\r\nX-Injected: 1",
        "https://example.com/\x00",
        "https://example.com\\@127.0.0.1/",
        "https://\u24d4xample.com/",
        "https://" + "a" * 3000,
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.0.0.1./",
        "https://0/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[fe80::1%25eth0]/",
        "https://[v1.x]/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://metadata.google.internal/",
        "https://[::1",
    ],
)
def test_a_url_that_leaves_the_public_internet_is_refused_before_any_lookup(url: str) -> None:
    with pytest.raises(OutboundRefusedError):
        OutboundGuard().check(url)


def test_an_ordinary_https_url_is_taken_apart() -> None:
    destination = OutboundGuard().check("https://Hooks.Example.com:8443/a/b?c=d#e")
    assert destination.authority == "hooks.example.com:8443"
    assert destination.target == "/a/b?c=d"


def test_plain_http_passes_only_where_the_guard_allows_it() -> None:
    assert OutboundGuard(https_only=False).check("http://example.com/").port == 80


def test_one_forbidden_address_among_public_ones_refuses_the_name() -> None:
    async def resolve(_host: str, _port: int) -> tuple[str, ...]:
        return ("93.184.216.34", "10.0.0.7")

    guard = OutboundGuard(resolve=resolve)
    with pytest.raises(OutboundRefusedError):
        asyncio.run(guard.pin(guard.check("https://example.com/")))


def test_a_name_that_resolves_to_loopback_is_refused_and_nothing_is_sent(sink: Sink) -> None:
    guard = OutboundGuard(https_only=False, resolve=resolve_to_loopback)
    with pytest.raises(OutboundRefusedError):
        asyncio.run(guard.post(f"http://example.com:{sink.port}/", b"x", {}))
    assert sink.seen == []


def test_the_name_is_resolved_exactly_once_and_the_call_goes_to_that_address(sink: Sink) -> None:
    asked: list[str] = []

    async def resolve(_host: str, _port: int) -> tuple[str, ...]:
        asked.append(_host)
        return ("127.0.0.1",) if len(asked) == 1 else ("192.0.2.1",)

    guard = OutboundGuard(
        allowed_hosts=frozenset({f"hook.test:{sink.port}"}), resolve=resolve, https_only=True
    )
    url = f"http://hook.test:{sink.port}/in?x=1"
    delivery = asyncio.run(guard.post(url, b"hello", {"X-A": "b"}))
    assert delivery.status == 200
    assert asked == ["hook.test"]
    assert sink.seen == [("/in?x=1", f"hook.test:{sink.port}", b"hello")]


def test_an_allowed_host_is_allowed_on_its_port_alone(sink: Sink) -> None:
    guard = OutboundGuard(allowed_hosts=frozenset({f"127.0.0.1:{sink.port}"}))
    assert guard.check(f"http://127.0.0.1:{sink.port}/").port == sink.port
    with pytest.raises(OutboundRefusedError):
        guard.check(f"http://127.0.0.1:{sink.port + 1}/")


def test_a_redirect_is_reported_and_not_followed(sink: Sink) -> None:
    sink.status, sink.headers["Location"] = 302, f"http://127.0.0.1:{sink.port}/elsewhere"
    guard = OutboundGuard(allowed_hosts=frozenset({f"127.0.0.1:{sink.port}"}))
    delivery = asyncio.run(guard.post(f"http://127.0.0.1:{sink.port}/first", b"", {}))
    assert delivery.status == 302
    assert [path for path, _, _ in sink.seen] == ["/first"]


def test_an_endless_answer_is_cut_off_and_still_counts_as_an_answer(sink: Sink) -> None:
    sink.body = b"x" * 20_000_000
    guard = OutboundGuard(allowed_hosts=frozenset({f"127.0.0.1:{sink.port}"}), max_answer=1000)
    delivery = asyncio.run(guard.post(f"http://127.0.0.1:{sink.port}/", b"", {}))
    assert delivery.status == 200


def test_a_server_that_never_answers_costs_only_the_allowed_seconds() -> None:
    async def call() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.read()
            finally:
                writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        guard = OutboundGuard(allowed_hosts=frozenset({f"127.0.0.1:{port}"}), seconds=0.2)
        try:
            with pytest.raises(OutboundFailedError, match="in time"):
                await guard.post(f"http://127.0.0.1:{port}/", b"", {})
        finally:
            server.close()

    asyncio.run(call())


def test_a_name_without_address_and_a_closed_port_fail_with_a_sentence() -> None:
    async def resolve(_host: str, _port: int) -> tuple[str, ...]:
        raise OSError("no such name")

    with pytest.raises(OutboundFailedError, match="resolved"):
        asyncio.run(OutboundGuard(resolve=resolve).post("https://example.com/", b"", {}))
    closed = OutboundGuard(allowed_hosts=frozenset({"127.0.0.1:1"}))
    with pytest.raises(OutboundFailedError, match="reached"):
        asyncio.run(closed.post("http://127.0.0.1:1/", b"", {}))
