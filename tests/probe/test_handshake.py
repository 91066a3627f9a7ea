"""Handshakes as a check offers them, against a server of our own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from l7audit.probe.handshake import Offer, _certificate, in_the_clear, possible, shake
from l7audit.probe.scope import Origin

OLD = Offer(ssl.TLSVersion.TLSv1_1, "ALL")


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def _serving(context: ssl.SSLContext | None) -> Iterator[Origin]:
    server = HTTPServer(("127.0.0.1", 0), _Hello)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Origin("https" if context else "http", "127.0.0.1", server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def modern(tmp_path: Path) -> Iterator[Origin]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    (tmp_path / "pem").write_bytes(_certificate("ec"))
    context.load_cert_chain(tmp_path / "pem")
    yield from _serving(context)


@pytest.fixture
def plain() -> Iterator[Origin]:
    yield from _serving(None)


def test_an_agreement_names_version_and_cipher(modern: Origin) -> None:
    agreed = shake(modern, Offer(ssl.TLSVersion.TLSv1_2))
    assert agreed.made
    assert agreed.version == "TLSv1.2"
    assert agreed.cipher


def test_a_refused_offer_is_no_agreement_though_the_server_was_reached(modern: Origin) -> None:
    assert possible(OLD)
    agreed = shake(modern, OLD)
    assert (agreed.reached, agreed.made) == (True, False)
    assert agreed.error


def test_nobody_there_is_told_apart_from_a_refusal() -> None:
    assert not shake(Origin("https", "127.0.0.1", 9), Offer()).reached


def test_what_our_own_library_does_not_know_is_not_possible() -> None:
    assert not possible(Offer(ssl.TLSVersion.TLSv1_2, "NO-SUCH-CIPHER"))
    assert possible(Offer())


def test_a_server_of_tls_answers_nothing_in_the_clear(modern: Origin, plain: Origin) -> None:
    sent = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert in_the_clear(plain, sent).startswith(b"HTTP/1.0 200")
    assert not in_the_clear(modern, sent).startswith(b"HTTP/")
