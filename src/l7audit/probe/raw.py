"""Bytes as they are given, on a connection of our own: what no HTTP library would agree to send.

One connection carries one conversation and is closed after it, so that whatever the bytes do to
the framing befalls nobody else. It is bounded in bytes and in seconds, whatever the peer does.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field

import h11

from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.probe.scope import Origin
from l7audit.probe.wire import BODY_BYTES, Reply, Trouble, fields_of

MOST_SENT = 32 * 1024 * 1024
"""The most bytes that one conversation sends."""

LONGEST = 60.0
"""The most seconds that one conversation may be given."""

_PIECE = 64 * 1024
_HEADERS = 256 * 1024
_GLANCE = 0.02


@dataclass(frozen=True, slots=True)
class Raw:
    """What goes onto a connection: `pieces` in order, `pause` seconds apart.

    The conversation is over when the peer closes the connection, `seconds` after its beginning,
    or when `answers` answers have come and `quiet` seconds passed without another byte; also when
    a piece is due and `enough` is set.
    `base_url` chooses another origin of the target, as in `Request`. Errors: `ValueError` for
    more bytes than `MOST_SENT`, or more seconds than `LONGEST`.
    """

    pieces: tuple[bytes, ...]
    pause: float = 0.0
    answers: int = 1
    quiet: float = 0.15
    seconds: float = 5.0
    base_url: str = ""
    enough: threading.Event | None = None

    def __post_init__(self) -> None:
        if sum(map(len, self.pieces)) > MOST_SENT or self.seconds > LONGEST:
            raise ValueError("A raw conversation has bounds: see MOST_SENT and LONGEST.")

    @property
    def sent(self) -> bytes:
        """All that is sent."""
        return b"".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Talk:
    """What a conversation gave: its `answers` in order, whether the peer `closed`, and after how
    many `seconds` it was over. It spoke from `began`, when its first piece was sent, until `over`,
    both by `time.perf_counter`; `began` is 0 where nothing could be sent. `junk` is what came and
    is no HTTP/1.1 answer; `error` says what went wrong with the connection itself. `exchanges` are
    the ids of its records."""

    answers: tuple[Answer, ...] = ()
    closed: bool = False
    seconds: float = 0.0
    junk: bytes = field(default=b"", repr=False)
    error: str = ""
    exchanges: tuple[str, ...] = ()
    began: float = 0.0
    over: float = 0.0

    @property
    def statuses(self) -> tuple[int, ...]:
        """The status of each answer."""
        return tuple(a.status for a in self.answers if a.status is not None)


@dataclass(slots=True)
class Heard:
    """As `Talk`, before it is recorded."""

    replies: list[Reply] = field(default_factory=list)
    closed: bool = False
    seconds: float = 0.0
    began: float = 0.0
    over: float = 0.0
    junk: bytes = b""
    error: str = ""
    trouble: Trouble = Trouble.NONE


def spelled(origin: Origin, request: Request) -> bytes:
    """A request as the probe would write it: something to start from."""
    lines = [f"{request.method} {request.path} HTTP/1.1".encode()]
    lines += [b"%b: %b" % pair for pair in fields_of(origin, request)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + request.content


def named(sent: bytes) -> Request:
    """The first request of raw bytes, by the method and the target that its first line shows."""
    words = sent.split(b"\n", 1)[0].decode("latin-1").split()
    try:
        return Request(words[0], words[1])
    except (IndexError, ValueError):
        return Request("RAW", "/")


def converse(origin: Origin, trust: ssl.SSLContext, raw: Raw) -> Heard:
    """Holds one conversation; never raises for what a peer does."""
    started = time.perf_counter()
    until = started + raw.seconds
    heard = Heard()
    answers = _Answers(started)
    try:
        with _connected(origin, trust, raw.seconds) as connection:
            try:
                _held(connection, raw, until, answers, heard)
            except (ConnectionError, ssl.SSLError) as error:
                heard.closed, heard.error = True, _sentence(error)
    except OSError as error:
        heard.error, heard.trouble = f"no connection: {_sentence(error)}", Trouble.CONNECT
    heard.over = time.perf_counter()
    heard.seconds = heard.over - started
    answers.end()
    heard.replies, heard.junk = answers.done, answers.junk
    return heard


def _connected(origin: Origin, trust: ssl.SSLContext, seconds: float) -> socket.socket:
    plain = socket.create_connection((origin.host, origin.port), timeout=seconds)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if origin.scheme != "https":
        return plain
    try:
        return trust.wrap_socket(plain, server_hostname=origin.host)
    except OSError:
        plain.close()
        raise


def _held(
    connection: socket.socket, raw: Raw, until: float, answers: _Answers, heard: Heard
) -> None:
    """Sends what there is to send, listening meanwhile, and then listens."""
    for number, piece in enumerate(raw.pieces):
        if number and raw.pause:
            _listen(connection, min(until, time.perf_counter() + raw.pause), answers, heard)
            if raw.enough is not None and raw.enough.is_set():
                return
        for at in range(0, len(piece), _PIECE):
            if heard.closed or time.perf_counter() >= until:
                return
            connection.settimeout(max(_GLANCE, until - time.perf_counter()))
            try:
                connection.sendall(piece[at : at + _PIECE])
            except TimeoutError:
                heard.error = "the peer does not read on"
                return
            heard.began = heard.began or time.perf_counter()
            if len(piece) > _PIECE:
                _listen(connection, time.perf_counter(), answers, heard)
    while not heard.closed and time.perf_counter() < until:
        enough = len(answers.done) >= raw.answers > 0
        wait = min(until, time.perf_counter() + raw.quiet) if enough else until
        if not _listen(connection, wait, answers, heard, once=True) and enough:
            return


def _listen(
    connection: socket.socket, until: float, answers: _Answers, heard: Heard, *, once: bool = False
) -> bool:
    """Takes in what comes until then, or only what comes next; whether anything came."""
    came = False
    while not heard.closed:
        left = until - time.perf_counter()
        waiting = isinstance(connection, ssl.SSLSocket) and connection.pending()
        if not waiting and not select.select([connection], [], [], max(0.0, left))[0]:
            return came
        connection.settimeout(max(_GLANCE, left))
        try:
            data = connection.recv(_PIECE)
        except TimeoutError:  # half a TLS record
            return came
        heard.closed = not data
        answers.take(data)
        came = True
        if once:
            return True
    return came


class _Answers:
    """The answers in a stream of bytes. Each is read by itself: what comes behind an answer that
    nobody asked for is what a check wants to see."""

    def __init__(self, started: float) -> None:
        self.done: list[Reply] = []
        self.junk = b""
        self._started = started
        self._taken = 0
        self._next()

    def _next(self) -> None:
        self._reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEADERS)
        self._reader.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
        self._reader.send(h11.EndOfMessage())
        self._head: h11.Response | None = None
        self._unread = b""
        self._body = bytearray()
        self._cut = False

    def take(self, data: bytes) -> None:
        """More bytes; none says that the peer closed the connection."""
        self._taken += len(data)
        if self.junk or self._taken > 2 * BODY_BYTES:
            return
        self._unread += data
        self._reader.receive_data(data)
        try:
            self._read()
        except h11.RemoteProtocolError:
            if self._head is None:
                self.junk = self._unread[:_HEADERS]
            else:
                self.end()

    def end(self) -> None:
        """Keeps an answer that was begun and not ended."""
        if self._head is not None:
            self._cut = True
            self._keep()

    def _read(self) -> None:
        while True:
            event = self._reader.next_event()
            if isinstance(event, h11.Response):
                self._head, self._unread = event, b""
            elif isinstance(event, h11.Data):
                room = BODY_BYTES - len(self._body)
                self._cut |= len(event.data) > room
                self._body += event.data[:room]
            elif isinstance(event, h11.EndOfMessage):
                rest, ended = self._reader.trailing_data
                self._keep()
                if not rest:
                    return
                self._unread = rest
                self._reader.receive_data(rest)
                if ended:
                    self._reader.receive_data(b"")
            elif not isinstance(event, h11.InformationalResponse):
                return

    def _keep(self) -> None:
        assert self._head is not None
        self.done.append(
            Reply(
                started=self._started,
                ended=time.perf_counter(),
                status=self._head.status_code,
                headers=tuple(
                    (n.decode("latin-1"), v.decode("latin-1"))
                    for n, v in self._head.headers.raw_items()
                ),
                body=bytes(self._body),
                truncated=self._cut,
            )
        )
        self._next()


def _sentence(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__)[:300]
