"""The edge as clients meet it: a real Envoy in front of a server that tells what it received."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import tempfile
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from l7audit_stack.defects.registry import named
from l7audit_stack.defects.rewrite_edge import rewrite
from l7audit_stack.deploy.certificates import make_certificates
from l7audit_stack.deploy.components.edge import Edge
from l7audit_stack.deploy.ports import LOOPBACK, Ports
from l7audit_stack.deploy.waiting import wait_until
from l7audit_stack.deploy.wheels import local_argv
from l7audit_stack.edge.settings import Upstream

DEFECTS = ("edge.banner", "edge.forwarded-for-believed", "edge.old-tls")


class _Echo(BaseHTTPRequestHandler):
    """Answers with what reached it."""

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = len(self.rfile.read(length))
        seen = {"path": self.path, "headers": self.headers.items(), "body": body}
        text = json.dumps({**seen, "port": self.connection.getsockname()[1]}).encode()
        self.send_response_only(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: pytest's output is for pytest."""


@dataclass(frozen=True)
class _Front:
    port: int
    ca_file: Path
    access_log: Path

    def connect(self, source: str = LOOPBACK) -> http.client.HTTPSConnection:
        tls = ssl.create_default_context(cafile=str(self.ca_file))
        return http.client.HTTPSConnection(
            "localhost", self.port, timeout=10, context=tls, source_address=(source, 0)
        )

    def ask(
        self,
        path: str = "/",
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        source: str = LOOPBACK,
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers (lower case) and the decoded body of one request."""
        link = self.connect(source)
        try:
            link.request(method, path, body, headers or {})
            answer = link.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, json.loads(answer.read() or b"null")
        finally:
            link.close()

    def handshake(
        self, *, alpn: list[str] | None = None, oldest: bool = False
    ) -> tuple[str | None, str | None]:
        """The protocol that was agreed on, and the version of TLS."""
        tls = ssl.create_default_context(cafile=str(self.ca_file))
        tls.set_alpn_protocols(alpn or [])
        if oldest:
            tls.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # it is what we test
                tls.minimum_version = ssl.TLSVersion.TLSv1
                tls.maximum_version = ssl.TLSVersion.TLSv1_1
        with (
            socket.create_connection((LOOPBACK, self.port), timeout=5) as plain,
            tls.wrap_socket(plain, server_hostname="localhost") as link,
        ):
            return link.selected_alpn_protocol(), link.version()

    def raw(self, request: bytes) -> bytes:
        """The beginning of the answer to some bytes over HTTP/1.1."""
        tls = ssl.create_default_context(cafile=str(self.ca_file))
        with (
            socket.create_connection((LOOPBACK, self.port), timeout=5) as plain,
            tls.wrap_socket(plain, server_hostname="localhost") as link,
        ):
            link.sendall(request)
            return link.recv(4096)


def _serves(edge: Edge) -> bool:
    async def ask() -> bool:
        return await edge.ready() and await edge.sees_all_replicas()

    try:
        return asyncio.run(ask())
    except (OSError, TimeoutError):
        return False


@pytest.fixture(scope="module")
def replicas() -> Iterator[tuple[int, ...]]:
    servers = [ThreadingHTTPServer((LOOPBACK, 0), _Echo) for _ in range(2)]
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    yield tuple(server.server_address[1] for server in servers)
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def fronts(replicas: tuple[int, ...]) -> Iterator[dict[str, _Front]]:
    """One edge as it should be and one with all defects, in front of the same servers."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        certificates, ports = make_certificates(folder / "tls"), Ports(folder)
        found = {}
        for kind, defects in (("clean", ()), ("weak", DEFECTS)):
            log = folder / f"{kind}.access"
            upstreams = tuple(Upstream(LOOPBACK, port) for port in replicas)
            edge = Edge(kind, ports.take(), folder, certificates, upstreams, log)
            edge.configure(rewrite(edge.clean_configuration(), named(defects)))
            with (folder / f"{kind}.log").open("wb") as output:
                argv = local_argv(edge.command())
                envoy = subprocess.Popen(argv, stdout=output, stderr=output)
            stack.callback(envoy.wait, 10)
            stack.callback(envoy.terminate)
            assert wait_until(partial(_serves, edge), 20), output.name
            found[kind] = _Front(edge.port, certificates.authority, log)
        yield found
        ports.release()


@pytest.fixture
def clean(fronts: dict[str, _Front]) -> _Front:
    return fronts["clean"]


@pytest.fixture
def weak(fronts: dict[str, _Front]) -> _Front:
    return fronts["weak"]


CLAIMS = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Real-IP": "6.6.6.6",
    "Forwarded": "for=6.6.6.6",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
}


def _received(front: _Front, name: str, **asked: Any) -> list[str]:
    """The values of a header as they reached the API."""
    _, _, seen = front.ask(**asked)
    return [value for key, value in seen["headers"] if key.lower() == name]


def test_the_api_gets_the_address_of_the_connection_and_no_claim_of_the_client(
    clean: _Front,
) -> None:
    _, _, seen = clean.ask(headers=CLAIMS, source="127.0.0.9")
    headers = dict(seen["headers"])
    assert headers["x-forwarded-for"] == "127.0.0.9"
    assert headers["x-forwarded-proto"] == "https"
    assert not {"x-real-ip", "forwarded", "x-forwarded-host"} & headers.keys()


def test_a_name_with_underscores_does_not_reach_the_api(clean: _Front) -> None:
    _, _, seen = clean.ask(headers={"X_Forwarded_For": "6.6.6.6"})
    assert not any("_" in name for name, _ in seen["headers"])


def test_clients_cannot_steer_the_edge_or_choose_the_request_id(clean: _Front) -> None:
    steering = {"x-envoy-retry-on": "5xx", "x-envoy-upstream-rq-timeout-ms": "1"}
    _, _, seen = clean.ask(headers={**steering, "x-request-id": "chosen"})
    headers = dict(seen["headers"])
    assert not steering.keys() & headers.keys()
    assert headers["x-request-id"] != "chosen"


@pytest.mark.parametrize("path", ["/a/../b", "/a//b", "/a/%2e%2e/b", "/a%2fb", "/A/./b/"])
def test_the_api_sees_paths_as_they_were_sent(clean: _Front, path: str) -> None:
    assert clean.ask(path)[2]["path"] == path


def test_requests_take_turns_between_replicas(clean: _Front, replicas: tuple[int, ...]) -> None:
    assert {clean.ask()[2]["port"] for _ in range(4)} == set(replicas)


def test_no_answer_names_a_product(clean: _Front) -> None:
    for status, headers, _ in (clean.ask(), clean.ask(body=b"x" * 17_000_000, method="POST")):
        assert status in (200, 413)
        assert not {"server", "via", "x-powered-by"} & headers.keys()
        assert not any(name.startswith("x-envoy") for name in headers)


def test_the_edges_own_refusals_are_problems_with_protective_headers(clean: _Front) -> None:
    status, headers, problem = clean.ask(method="POST", body=b"x" * 17_000_000)
    assert status == problem["status"] == 413
    assert headers["content-type"] == "application/problem+json"
    assert headers["strict-transport-security"].startswith("max-age=63072000")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.0\r\nHost: a\r\n\r\n", b"426"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
         b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
         b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    ],
    ids=["headers too big", "HTTP/1.0", "two framings", "two lengths", "no host"],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_refused(
    clean: _Front, request_bytes: bytes, status: bytes
) -> None:
    assert clean.raw(request_bytes).split(b" ", 2)[1] == status


def test_http_2_is_offered_and_old_tls_is_not(clean: _Front) -> None:
    assert clean.handshake(alpn=["h2", "http/1.1"]) == ("h2", "TLSv1.3")
    with pytest.raises(ssl.SSLError):
        clean.handshake(oldest=True)


def test_the_access_log_has_no_query(clean: _Front) -> None:
    clean.ask("/marked?key=secret-in-query")
    assert wait_until(lambda: "/marked" in clean.access_log.read_text(), 10)
    assert "secret-in-query" not in clean.access_log.read_text()


def test_the_banner_defect_names_the_product(weak: _Front) -> None:
    assert weak.ask()[1]["server"] == "envoy"


def test_the_forwarded_for_defect_lets_a_client_be_anybody(weak: _Front) -> None:
    assert _received(weak, "x-forwarded-for", headers=CLAIMS) == ["6.6.6.6"]


def test_the_old_tls_defect_accepts_what_was_retired(weak: _Front) -> None:
    assert weak.handshake(oldest=True)[1] == "TLSv1.1"
