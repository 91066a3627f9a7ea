from __future__ import annotations

import socket
import urllib.error
import urllib.request

import pytest

from l7audit_suites.input.listener import TLS, listening
from l7audit_suites.input.urls import loopback, on_this_machine


def test_a_visit_is_known_by_its_path() -> None:
    with listening() as listener:
        path, other = listener.path(), listener.path()
        with urllib.request.urlopen(f"{listener.origin}{path}?more=1") as answer:
            assert answer.read() == b"l7audit"
        assert listener.visited(path)
        assert not listener.visited(other)


def test_what_a_visitor_brings_is_kept() -> None:
    with listening() as listener:
        path = listener.path()
        request = urllib.request.Request(
            f"{listener.origin}{path}", data=b"brought", headers={"X-Signature": "it"}
        )
        urllib.request.urlopen(request).close()
        (delivery,) = listener.deliveries(path)
        assert delivery.body == b"brought"
        assert ("x-signature", "it") in delivery.headers


def test_a_visitor_can_be_sent_on() -> None:
    with listening() as first, listening() as second:
        path = second.path()
        first.redirect = f"{second.origin}{path}"
        urllib.request.urlopen(f"{first.origin}/").close()
        assert second.visited(path)


def test_a_tls_connection_is_a_visit_too() -> None:
    with listening() as listener:
        with socket.create_connection(("127.0.0.1", listener.port)) as visitor:
            visitor.sendall(b"\x16\x03\x01\x00\x05hello")
            assert visitor.recv(1) == b""
        assert listener.visits == [TLS]


def test_who_says_nothing_is_no_visit_and_does_not_stop_the_listener() -> None:
    with listening() as listener:
        socket.create_connection(("127.0.0.1", listener.port)).close()
        path = listener.path()
        urllib.request.urlopen(f"{listener.origin}{path}").close()
        assert listener.visits == [path]


def test_an_address_can_be_had_again_at_once() -> None:
    with listening() as listener:
        address = f"127.0.0.1:{listener.port}"
        urllib.request.urlopen(listener.origin).close()
    with listening(address) as again:
        assert f"127.0.0.1:{again.port}" == address


@pytest.mark.parametrize(
    "name", ["plain", "short", "decimal", "hexadecimal", "octal", "mixed", "neighbour"]
)
def test_the_spellings_of_loopback_lead_to_the_listener(name: str) -> None:
    with listening() as listener:
        path = listener.path()
        host = loopback(listener.port, path)[name].split("/")[2].rpartition(":")[0]
        with socket.create_connection((host, listener.port)) as visitor:
            visitor.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode())
            visitor.recv(1)
        assert listener.visited(path)


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("https://127.0.0.1:8443", True),
        ("http://[::1]:80", True),
        ("http://localhost", True),
        ("http://api.localhost:1", True),
        ("https://api.example.org", False),
        ("https://10.0.0.1", False),
    ],
)
def test_a_target_on_this_machine_is_told_from_others(url: str, near: bool) -> None:
    assert on_this_machine(url) is near
