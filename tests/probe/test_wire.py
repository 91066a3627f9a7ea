from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from l7audit.errors import ProviderError
from l7audit.probe import wire as wire_module
from l7audit.probe.request import Request
from l7audit.probe.scope import Origin
from l7audit.probe.wire import Reply, Trouble, Wire

GET = Request("GET", "/")


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire(timeout=1.0)
    yield made
    made.close()


@pytest.fixture
def small_bodies(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(wire_module, "BODY_BYTES", 1000)
    return 1000


def ask(wire: Wire, server: Any, request: Request = GET) -> Reply:
    return wire.exchange(Origin.of(server.url), request)


def answered(body: bytes, *fields: str) -> bytes:
    head = ["HTTP/1.1 200 OK", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "raw", ["/a/../b", "/%2e%2E/x", "//x//", "/x?y=%zz&y#z", "*", "/a;b=c?", "http://x.example/y"]
)
def test_the_target_is_sent_as_it_is_written(wire: Wire, server: Any, raw: str) -> None:
    ask(wire, server, Request("GET", raw))
    assert server.seen[0].split(b"\r\n")[0] == f"GET {raw} HTTP/1.1".encode()


def test_headers_are_sent_in_order_with_their_case_and_repetitions(wire: Wire, server: Any) -> None:
    headers = (("x-LOWER", "1"), ("X-Twice", "a"), ("x-twice", "b"), ("X-Empty", ""))
    ask(wire, server, Request("GET", "/", headers))
    lines = server.seen[0].decode().split("\r\n")
    assert lines[2:6] == ["x-LOWER: 1", "X-Twice: a", "x-twice: b", "X-Empty: "]


def test_only_what_http_needs_and_an_agent_are_added(wire: Wire, server: Any) -> None:
    ask(wire, server, Request("POST", "/"))
    names = [line.split(":")[0] for line in server.seen[0].decode().split("\r\n")[1:] if line]
    assert names == ["Host", "User-Agent", "Content-Length"]


def test_a_given_host_and_agent_are_left_alone(wire: Wire, server: Any) -> None:
    ask(wire, server, Request("GET", "/", (("Host", "evil.example"), ("User-Agent", "me"))))
    assert b"Host: evil.example" in server.seen[0]
    assert b"l7audit" not in server.seen[0]


def test_an_octet_above_ascii_goes_out_as_latin_1(wire: Wire, server: Any) -> None:
    ask(wire, server, Request("GET", "/", (("X-Byte", "\xff"),)))
    assert b"X-Byte: \xff\r\n" in server.seen[0]


def test_connections_are_used_again(wire: Wire, server: Any) -> None:
    for _ in range(3):
        assert ask(wire, server).status == 200
    assert server.connections == 1


def test_a_connection_that_is_to_be_closed_is_not_used_again(wire: Wire, server: Any) -> None:
    server.script = lambda _: answered(b"", "Connection: close")
    for _ in range(2):
        assert ask(wire, server).status == 200
    assert server.connections == 2


def test_nothing_listening_is_a_connect_trouble(wire: Wire) -> None:
    reply = wire.exchange(Origin.of("http://127.0.0.1:1"), Request("GET", "/"))
    assert (reply.status, reply.trouble) == (None, Trouble.CONNECT)
    assert "no connection" in reply.error


def test_hanging_up_without_an_answer_is_told_apart(wire: Wire, server: Any) -> None:
    server.script = lambda _: None
    assert ask(wire, server).trouble is Trouble.DROPPED


def test_an_answer_that_is_no_http_is_told_apart(wire: Wire, server: Any) -> None:
    server.script = lambda _: b"SSH-2.0-nonsense\r\n\r\n"
    assert ask(wire, server).trouble is Trouble.PROTOCOL


def test_a_request_that_http_cannot_carry_is_told_apart(wire: Wire, server: Any) -> None:
    twice = Request("POST", "/", (("Content-Length", "1"),), content=b"four")
    assert ask(wire, server, twice).trouble is Trouble.UNSENDABLE


def test_a_long_body_is_cut(wire: Wire, server: Any, small_bodies: int) -> None:
    server.script = lambda _: answered(b"a" * 5000)
    reply = ask(wire, server)
    assert (len(reply.body), reply.truncated) == (small_bodies, True)


def test_an_endless_body_is_cut(wire: Wire, server: Any, small_bodies: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.script = lambda _: [head, *([b"64\r\n" + b"a" * 100 + b"\r\n"] * 30)]
    reply = ask(wire, server)
    assert (reply.status, len(reply.body), reply.truncated) == (200, small_bodies, True)


def test_a_dripping_answer_ends_at_the_deadline(server: Any) -> None:
    wire = Wire(timeout=0.2)
    server.script = lambda _: [b"HTTP/1.1 200 OK\r\n", *([b"X-A: b\r\n"] * 30)]
    started = time.perf_counter()
    reply = ask(wire, server)
    wire.close()
    assert reply.trouble is Trouble.TIMEOUT
    assert time.perf_counter() - started < 3


def test_headers_without_end_are_refused(wire: Wire, server: Any) -> None:
    server.script = lambda _: b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 40_000
    assert ask(wire, server).trouble in {Trouble.PROTOCOL, Trouble.DROPPED}


def test_a_compressed_body_is_read(wire: Wire, server: Any) -> None:
    server.script = lambda _: answered(gzip.compress(b"hello"), "Content-Encoding: gzip")
    assert ask(wire, server).body == b"hello"


def test_a_decompression_bomb_stays_small(wire: Wire, server: Any, small_bodies: int) -> None:
    bomb = gzip.compress(b"a" * 500_000)
    server.script = lambda _: answered(bomb, "Content-Encoding: gzip")
    reply = ask(wire, server)
    assert (len(reply.body), reply.truncated) == (small_bodies, True)


def test_a_false_coding_leaves_the_bytes(wire: Wire, server: Any) -> None:
    server.script = lambda _: answered(b"not gzip", "Content-Encoding: gzip")
    assert ask(wire, server).body == b"not gzip"


def test_repeated_answer_headers_are_kept_in_order(wire: Wire, server: Any) -> None:
    server.script = lambda _: answered(b"", "Set-Cookie: a=1", "SET-COOKIE: b=2")
    assert ask(wire, server).headers[:2] == (("Set-Cookie", "a=1"), ("SET-COOKIE", "b=2"))


def test_an_unusable_ca_file_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="CA file"):
        Wire(str(tmp_path / "none.pem"))
