"""Requests in frames of HTTP/2 (RFC 9113), written as they are given: also what it forbids.

One connection carries one conversation of ours and is closed after it. The frames are written and
read by h2, whose checks of what is sent are switched off.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from l7audit.probe.request import Pairs, Request
from l7audit.probe.scope import Origin
from l7audit.probe.wire import BODY_BYTES, Reply, Trouble, fields_of

SECONDS = 5.0
"""The most that one conversation takes."""

MOST_CONTENT = 32 * 1024
"""The most bytes of one request's content: less than any peer's window."""

_PIECE = 64 * 1024
_HOP = {"host", "connection", "transfer-encoding", "content-length"}


@dataclass(frozen=True, slots=True)
class Stream:
    """One request: its fields in order, pseudo-header fields among them, and its content.
    Errors: `ValueError` for more content than `MOST_CONTENT`."""

    fields: tuple[tuple[str, str], ...] = field(repr=False)
    content: bytes = b""

    def __post_init__(self) -> None:
        if len(self.content) > MOST_CONTENT:
            raise ValueError("A stream's content has a bound: see MOST_CONTENT.")

    def with_fields(self, *more: tuple[str, str], content: bytes | None = None) -> Stream:
        """With these fields behind its own, and other content where it is given."""
        return Stream((*self.fields, *more), self.content if content is None else content)

    def replacing(self, name: str, value: str) -> Stream:
        """With another value of a field."""
        return Stream(tuple((n, value if n == name else v) for n, v in self.fields), self.content)

    @property
    def shown(self) -> bytes:
        """What was sent, a field a line, for the record; breaks within a field are marked."""
        lines = [f"{n}: {v}".replace("\r", "\\r").replace("\n", "\\n") for n, v in self.fields]
        return "\n".join([*lines, "", ""]).encode("latin-1", "replace") + self.content


def framed(origin: Origin, request: Request) -> Stream:
    """A request as a client of HTTP/2 would write it: something to start from."""
    named = ((n.decode("latin-1").lower(), v.decode("latin-1")) for n, v in
             fields_of(origin, request))  # fmt: skip
    start = (
        (":method", request.method),
        (":scheme", origin.scheme),
        (":authority", request.header("Host") or origin.authority),
        (":path", request.path),
    )
    return Stream((*start, *(pair for pair in named if pair[0] not in _HOP)), request.content)


def exchange(origin: Origin, trust: ssl.SSLContext, streams: Sequence[Stream]) -> list[Reply]:
    """The answers to streams of one connection, each asked when the one before was answered.

    Never raises for what a peer does; where it does not speak HTTP/2, each reply says so. `trust`
    must offer `h2`.
    """
    started = time.perf_counter()
    try:
        with (
            socket.create_connection((origin.host, origin.port), SECONDS) as plain,
            trust.wrap_socket(plain, server_hostname=origin.host) as secured,
        ):
            if secured.selected_alpn_protocol() != "h2":
                return [_none(started, Trouble.PROTOCOL, "no HTTP/2 is spoken here")] * len(streams)
            talk = _Talk(secured, started + SECONDS)
            return [talk.ask(stream) for stream in streams]
    except OSError as error:
        said = error.strerror or str(error) or type(error).__name__
        return [_none(started, Trouble.CONNECT, f"no connection: {said[:200]}")] * len(streams)


class _Talk:
    """One connection. `until` is when its time is over."""

    def __init__(self, connection: ssl.SSLSocket, until: float) -> None:
        self._socket = connection
        self._until = until
        self._over = ""
        self._state = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True,
                header_encoding="latin-1",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self._state.initiate_connection()

    def ask(self, stream: Stream) -> Reply:
        """The answer to one request, or why there is none."""
        started = time.perf_counter()
        if self._over:
            return _none(started, Trouble.DROPPED, self._over)
        number = self._state.get_next_available_stream_id()
        fields = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in stream.fields]
        status: int | None = None
        headers: Pairs = ()
        body = b""
        try:
            self._state.send_headers(number, fields, end_stream=not stream.content)
            if stream.content:
                self._state.send_data(number, stream.content, end_stream=True)
            for event in self._events(number):
                if isinstance(event, h2.events.ResponseReceived):
                    named = [(str(n), str(v)) for n, v in event.headers or ()]
                    status = next((int(v) for n, v in named if n == ":status"), None)
                    headers = tuple(pair for pair in named if not pair[0].startswith(":"))
                elif isinstance(event, h2.events.DataReceived):
                    body = (body + event.data)[:BODY_BYTES]
        except (h2.exceptions.ProtocolError, OSError) as error:
            self._over = f"the connection broke: {type(error).__name__}"
        if status is None:
            return _none(started, Trouble.DROPPED, self._over or "the stream was reset")
        return Reply(started, time.perf_counter(), status, headers, body)

    def _events(self, number: int) -> list[h2.events.Event]:
        """What comes of a stream, until it ends, is reset, or the connection is over."""
        found: list[h2.events.Event] = []
        while True:
            self._socket.sendall(self._state.data_to_send())
            left = self._until - time.perf_counter()
            if left <= 0:
                self._over = "no answer in time"
                return found
            self._socket.settimeout(left)
            data = self._socket.recv(_PIECE)
            if not data:
                self._over = "closed without an answer"
                return found
            for event in self._state.receive_data(data):
                if isinstance(event, h2.events.DataReceived) and event.flow_controlled_length:
                    self._state.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id
                    )
                if isinstance(event, h2.events.ConnectionTerminated):
                    self._over = f"the connection was ended: {event.error_code!s}"
                elif getattr(event, "stream_id", 0) == number:
                    found.append(event)
            ends = (h2.events.StreamEnded, h2.events.StreamReset)
            if self._over or any(isinstance(event, ends) for event in found):
                self._socket.sendall(self._state.data_to_send())
                return found


def _none(started: float, trouble: Trouble, sentence: str) -> Reply:
    return Reply(started, time.perf_counter(), trouble=trouble, error=sentence)
