"""The certificate that a server shows, and what a client that checks it says."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509

from l7audit.probe.certificate import shown
from l7audit.probe.scope import Origin
from l7audit_stack.deploy.certificates import Certificates, make_certificates


@pytest.fixture
def made(tmp_path: Path) -> Certificates:
    return make_certificates(tmp_path / "tls")


@pytest.fixture
def origin(made: Certificates) -> Iterator[Origin]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server, made.server_key)
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Origin("https", "127.0.0.1", server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_client_that_knows_the_authority_accepts_it(origin: Origin, made: Certificates) -> None:
    seen = shown(origin, ssl.create_default_context(cafile=made.authority))
    assert seen.refused == ""
    assert x509.load_der_x509_certificate(seen.der) == x509.load_pem_x509_certificate(
        made.server.read_bytes()
    )


def test_who_does_not_know_it_says_why_and_sees_it_all_the_same(
    origin: Origin, tmp_path: Path
) -> None:
    other = make_certificates(tmp_path / "other")
    seen = shown(origin, ssl.create_default_context(cafile=other.authority))
    assert "issuer" in seen.refused
    assert seen.der


def test_nobody_there_shows_nothing() -> None:
    assert shown(Origin("https", "127.0.0.1", 9), ssl.create_default_context()).der == b""
