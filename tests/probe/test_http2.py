"""Frames of HTTP/2 as they are given, and what a peer makes of them."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import pytest
from shelf.certificate import write

from l7audit.probe.http2 import MOST_CONTENT, Stream, exchange, framed
from l7audit.probe.request import Request
from l7audit.probe.scope import Origin
from l7audit.probe.wire import Trouble, trusting

Serving = Callable[..., tuple[Origin, ssl.SSLContext]]


def answer(connection: ssl.SSLSocket, *, strict: bool) -> None:
    """Answers each stream with 200 and its path; a strict one ends on what is malformed."""
    settings = h2.config.H2Configuration(client_side=False, validate_inbound_headers=strict)
    state = h2.connection.H2Connection(settings)
    state.initiate_connection()
    connection.sendall(state.data_to_send())
    while data := connection.recv(65536):
        try:
            events = state.receive_data(data)
        except h2.exceptions.ProtocolError:
            connection.sendall(state.data_to_send())
            return
        for event in events:
            if isinstance(event, h2.events.RequestReceived):
                path = dict(event.headers or ())[b":path"]
                state.send_headers(event.stream_id, [(":status", "200"), ("x-path", path)])
                state.send_data(event.stream_id, path, end_stream=True)
        connection.sendall(state.data_to_send())


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """Starts a server of HTTP/2, or of nothing but TLS."""
    certificate, key = write(tmp_path)
    opened: list[tuple[socket.socket, threading.Thread]] = []

    def start(*, strict: bool = True, protocol: str = "h2") -> tuple[Origin, ssl.SSLContext]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.set_alpn_protocols([protocol])
        listener = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            with suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    with plain, context.wrap_socket(plain, server_side=True) as secured:
                        if secured.selected_alpn_protocol() == "h2":
                            answer(secured, strict=strict)

        thread = threading.Thread(target=serve)
        thread.start()
        opened.append((listener, thread))
        trust = trusting(str(certificate))
        trust.set_alpn_protocols(["h2", "http/1.1"])
        return Origin("https", "127.0.0.1", listener.getsockname()[1]), trust

    yield start
    for listener, thread in opened:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_streams_of_one_connection_are_answered_in_turn(serving: Serving) -> None:
    origin, trust = serving()
    streams = [framed(origin, Request("GET", path)) for path in ("/a", "/b")]
    replies = exchange(origin, trust, streams)
    assert [(r.status, r.body) for r in replies] == [(200, b"/a"), (200, b"/b")]
    assert replies[0].headers == (("x-path", "/a"),)


def test_what_the_protocol_forbids_is_sent_as_it_is(serving: Serving) -> None:
    origin, trust = serving(strict=False)
    plain = framed(origin, Request("GET", "/a"))
    (reply,) = exchange(origin, trust, [plain.with_fields(("x-odd", "a\r\nb: c"))])
    assert reply.status == 200


def test_a_connection_that_was_ended_answers_nothing_more(serving: Serving) -> None:
    origin, trust = serving()
    plain = framed(origin, Request("GET", "/a"))
    replies = exchange(origin, trust, [plain.with_fields(("x-odd", "a\r\nb: c")), plain])
    assert [(r.status, r.trouble) for r in replies] == [(None, Trouble.DROPPED)] * 2
    assert all("ended" in r.error or "closed" in r.error for r in replies)


def test_who_speaks_no_http_2_is_told_of(serving: Serving) -> None:
    origin, trust = serving(protocol="http/1.1")
    (reply,) = exchange(origin, trust, [framed(origin, Request("GET", "/a"))])
    assert (reply.status, reply.trouble) == (None, Trouble.PROTOCOL)
    assert "no HTTP/2" in reply.error


def test_a_closed_port_is_one_sentence(serving: Serving) -> None:
    _, trust = serving()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    origin = Origin("https", "127.0.0.1", port)
    (reply,) = exchange(origin, trust, [framed(origin, Request("GET", "/a"))])
    assert reply.trouble is Trouble.CONNECT


def test_a_request_is_written_without_the_fields_of_http_1() -> None:
    origin = Origin("https", "127.0.0.1", 443)
    request = Request("POST", "/a", (("X-One", "1"),), b"{}")
    stream = framed(origin, request)
    assert stream.fields[:4] == (
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", "127.0.0.1"),
        (":path", "/a"),
    )
    names = [name for name, _ in stream.fields]
    assert "x-one" in names
    assert not {"host", "content-length"} & set(names)
    assert stream.content == b"{}"


def test_the_record_marks_breaks_within_a_field() -> None:
    assert Stream((("x", "a\r\nb"),)).shown == b"x: a\\r\\nb\n\n"


def test_a_stream_has_a_bound() -> None:
    with pytest.raises(ValueError, match="bound"):
        Stream((), b"a" * (MOST_CONTENT + 1))
