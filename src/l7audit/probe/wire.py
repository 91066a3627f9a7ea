"""Puts one request on the wire and reads what comes back, bounded in bytes and in seconds.

It speaks through httpcore, the engine below httpx: httpx would normalise the target, add header
fields and keep cookies, and a probe must send exactly what a check wrote.
"""

from __future__ import annotations

import ssl
import threading
import time
import zlib
from dataclasses import dataclass
from enum import StrEnum

import h11
import httpcore

from l7audit.errors import ProviderError
from l7audit.probe.deadline import BoundedBackend, deadline
from l7audit.probe.request import Pairs, Request
from l7audit.probe.scope import Origin

BODY_BYTES = 8 * 1024 * 1024
"""The most bytes of a body that are read, before and after its decompression."""

KEEPALIVE = 20.0
"""Seconds that an idle connection is kept."""

USER_AGENT = "l7audit"
"""Said where a request names no agent of its own, so that operators can tell who is calling."""

_CODINGS = {"gzip": 47, "x-gzip": 47, "deflate": 47}


class Trouble(StrEnum):
    """Why there is no answer."""

    NONE = ""
    CONNECT = "connect"
    TRUST = "trust"
    DROPPED = "dropped"
    TIMEOUT = "timeout"
    UNSENDABLE = "unsendable"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the wire gave: an answer, or the trouble and a sentence on it. Times are seconds of
    `time.perf_counter()`."""

    started: float
    ended: float
    status: int | None = None
    headers: Pairs = ()
    body: bytes = b""
    truncated: bool = False
    trouble: Trouble = Trouble.NONE
    error: str = ""


def trusting(ca_file: str) -> ssl.SSLContext:
    """A verifying TLS context: the system's authorities, or only those in `ca_file`.

    Errors: `ProviderError` where the file cannot be used.
    """
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ProviderError(
            f"The CA file {ca_file} cannot be used: {error}.",
            mend="Name a PEM file with the certificate of the target's authority.",
        ) from error


class Wire:
    """Pooled HTTP/1.1 connections; safe for threads. `timeout` bounds each exchange in seconds."""

    def __init__(self, ca_file: str = "", *, timeout: float = 10.0) -> None:
        self._timeout = timeout
        self.trust = trusting(ca_file)
        self._backend = BoundedBackend()
        self._idle: dict[Origin, list[httpcore.HTTPConnection]] = {}
        self._lock = threading.Lock()

    def exchange(self, origin: Origin, request: Request) -> Reply:
        """One request and its answer, or why there is none; never raises for what a peer does."""
        message = httpcore.Request(
            request.method.encode(),
            httpcore.URL(
                scheme=origin.scheme.encode(),
                host=origin.host.encode("idna"),
                port=origin.port,
                target=request.path.encode("ascii"),
            ),
            headers=fields_of(origin, request),
            content=request.content,
        )
        started = time.perf_counter()
        deadline.at = started + self._timeout
        try:
            connection = self._take(origin)
            try:
                response = connection.handle_request(message)
                try:
                    body, cut = _read(response)
                finally:
                    response.close()
            finally:
                self._give_back(origin, connection)
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            trouble = _trouble(error)
            return _failed(started, trouble, error)
        except h11.LocalProtocolError as error:
            return _failed(started, Trouble.UNSENDABLE, error)
        ended = time.perf_counter()
        headers = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in response.headers)
        body, longer = _decoded(body, headers)
        return Reply(started, ended, response.status, headers, body, cut or longer)

    def _take(self, origin: Origin) -> httpcore.HTTPConnection:
        """The connection that was used last and is still open, or a new one.

        httpcore's own pool looks at all of its connections for each request, under one lock; a
        stack of idle ones a target's origin is half as dear, and a burst has to be fast.
        """
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                connection = idle.pop() if idle else None
            if connection is None:
                return httpcore.HTTPConnection(
                    httpcore.Origin(
                        origin.scheme.encode(), origin.host.encode("idna"), origin.port
                    ),
                    ssl_context=self.trust,
                    keepalive_expiry=KEEPALIVE,
                    network_backend=self._backend,
                )
            if not connection.has_expired():
                return connection
            connection.close()

    def _give_back(self, origin: Origin, connection: httpcore.HTTPConnection) -> None:
        if not connection.is_idle():
            connection.close()
            return
        with self._lock:
            self._idle.setdefault(origin, []).append(connection)

    def close(self) -> None:
        """Closes every idle connection."""
        with self._lock:
            connections = [c for idle in self._idle.values() for c in idle]
            self._idle.clear()
        for connection in connections:
            connection.close()


def fields_of(origin: Origin, request: Request) -> list[tuple[bytes, bytes]]:
    """The header section: what the request says, and what HTTP/1.1 cannot do without."""
    given = {name.lower() for name, _ in request.headers}
    fields = [(name.encode(), _octets(value)) for name, value in request.headers]
    if "host" not in given:
        fields.insert(0, (b"Host", origin.authority.encode("idna")))
    if "user-agent" not in given:
        fields.append((b"User-Agent", USER_AGENT.encode()))
    framed = "content-length" in given or "transfer-encoding" in given
    if not framed and (request.content or request.method in {"POST", "PUT", "PATCH"}):
        fields.append((b"Content-Length", str(len(request.content)).encode()))
    return fields


def _octets(value: str) -> bytes:
    """A field value as bytes: Latin-1 where it fits (so that any octet can be sent), or UTF-8."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()


def _read(response: httpcore.Response) -> tuple[bytes, bool]:
    """The body up to its bound, and whether more was coming."""
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > BODY_BYTES:
            return bytes(body[:BODY_BYTES]), True
    return bytes(body), False


def _decoded(body: bytes, headers: Pairs) -> tuple[bytes, bool]:
    """The body without its gzip or deflate coding, bounded, so that a small bomb stays small."""
    coding = next((v.strip().lower() for n, v in headers if n.lower() == "content-encoding"), "")
    if coding not in _CODINGS or not body:
        return body, False
    expander = zlib.decompressobj(_CODINGS[coding])
    try:
        plain = expander.decompress(body, BODY_BYTES)
    except zlib.error:
        return body, False  # it is not what it says; the raw bytes are the evidence
    return plain, bool(expander.unconsumed_tail)


def _trouble(error: Exception) -> Trouble:
    if isinstance(error, httpcore.ConnectError | httpcore.ConnectTimeout):
        untrusted = "certificate" in str(error).lower() or "ssl" in str(error).lower()
        return Trouble.TRUST if untrusted else Trouble.CONNECT
    if isinstance(error, httpcore.TimeoutException):
        return Trouble.TIMEOUT
    if isinstance(error, httpcore.LocalProtocolError):
        return Trouble.UNSENDABLE
    if isinstance(error, httpcore.RemoteProtocolError) and "without sending" not in str(error):
        return Trouble.PROTOCOL
    return Trouble.DROPPED


_SENTENCES = {
    Trouble.CONNECT: "no connection",
    Trouble.TRUST: "the certificate is not trusted",
    Trouble.DROPPED: "the connection was closed without an answer",
    Trouble.TIMEOUT: "no complete answer in time",
    Trouble.UNSENDABLE: "HTTP/1.1 cannot carry this request",
    Trouble.PROTOCOL: "the answer is not HTTP/1.1",
}


def _failed(started: float, trouble: Trouble, error: Exception) -> Reply:
    detail = str(error).strip()[:300]
    sentence = f"{_SENTENCES[trouble]}: {detail}" if detail else _SENTENCES[trouble]
    return Reply(started, time.perf_counter(), trouble=trouble, error=sentence)
