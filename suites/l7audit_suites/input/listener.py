"""A listener of our own on this machine: who is sent there by an input is seen to come."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

HOST = "127.0.0.1"
NEIGHBOURS = ("127.9.8.7", "::1")
"""Other addresses of loopback, which a list of the usual one leaves out."""

_BIND_SECONDS = 5.0
_READ_SECONDS = 2.0
_MOST_BYTES = 8192
TLS = "a TLS connection"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a visitor brought: the lines above the body without the first, and the body."""

    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Listener:
    """Counts visits. A path that `path` made names the probe that it was for, and nobody else
    knows it. `redirect` is where visitors are sent on to; empty answers 200.

    `body` is what visitors get.
    """

    def __init__(self, server: socket.socket) -> None:
        self.port: int = server.getsockname()[1]
        self.redirect = ""
        self.body = b"l7audit"
        self._visits: list[str] = []
        self._deliveries: list[Delivery] = []
        self._lock = threading.Lock()

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.port}"

    def path(self) -> str:
        """A path that nobody can guess."""
        return "/" + secrets.token_hex(8)

    @property
    def visits(self) -> list[str]:
        """The paths that were asked for, in order; of a TLS connection no path is known."""
        with self._lock:
            return list(self._visits)

    def deliveries(self, path: str) -> list[Delivery]:
        """What was brought to a path, as far as it has come."""
        with self._lock:
            return [one for one in self._deliveries if one.path == path]

    def visited(self, path: str, seconds: float = 0.0) -> bool:
        """Whether somebody came for a path, at the latest that many seconds from now."""
        end = time.monotonic() + seconds
        while path not in self.visits:
            if time.monotonic() >= end:
                return False
            time.sleep(0.01)
        return True

    def serve(self, server: socket.socket) -> None:
        """Takes visitors until the socket is closed."""
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = server.accept()
                threading.Thread(target=self._receive, args=(visitor,), daemon=True).start()

    def _receive(self, visitor: socket.socket) -> None:
        with visitor, contextlib.suppress(OSError, LookupError):
            visitor.settimeout(_READ_SECONDS)
            head = b""
            while b"\r\n\r\n" not in head and len(head) < _MOST_BYTES and head[:1] != b"\x16":
                piece = visitor.recv(2048)
                if not piece:
                    break
                head += piece
            told = TLS if head[:1] == b"\x16" else head.split(b" ", 2)[1].decode("latin-1")
            with self._lock:
                self._visits.append(told.partition("?")[0])
            if told == TLS:
                return
            delivery = _delivery(visitor, head, told)
            with self._lock:
                self._deliveries.append(delivery)
            lines = ["HTTP/1.1 200 OK", "Content-Type: text/plain"]
            if self.redirect:
                lines = ["HTTP/1.1 302 Found", f"Location: {self.redirect}"]
            lines += [f"Content-Length: {len(self.body)}", "Connection: close", "", ""]
            visitor.sendall("\r\n".join(lines).encode() + self.body)


def _delivery(visitor: socket.socket, head: bytes, told: str) -> Delivery:
    """The rest of what a visitor says, if it says how much that is."""
    above, _, body = head.partition(b"\r\n\r\n")
    lines = [line.partition(":") for line in above.decode("latin-1").split("\r\n")[1:]]
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in lines)
    length = dict(headers).get("content-length", "")
    wanted = min(int(length), _MOST_BYTES) if length.isascii() and length.isdigit() else 0
    while len(body) < wanted and (piece := visitor.recv(2048)):
        body += piece
    return Delivery(told.partition("?")[0], headers, body)


@contextmanager
def listening(address: str = "") -> Iterator[Listener]:
    """Listens at `host:port` of this machine, or at any port of loopback, while the block lasts.

    Errors: `OSError` where the address can't be had within some seconds: a check that runs beside
    this one may have it.
    """
    host, _, port = address.rpartition(":")
    with _bound(host or HOST, int(port or 0)) as server:
        found = Listener(server)
        servers = [server, *(() if address else _neighbours(found.port))]
        threads = [threading.Thread(target=found.serve, args=(s,), daemon=True) for s in servers]
        for thread in threads:
            thread.start()
        try:
            yield found
        finally:
            for each in servers:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
            for thread in threads:
                thread.join(timeout=2)


def _neighbours(port: int) -> list[socket.socket]:
    """The same port at other addresses of loopback, where this machine has them."""
    found = []
    for host in NEIGHBOURS:
        server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        try:
            server.bind((host, port))
            server.listen(16)
        except OSError:
            server.close()
        else:
            found.append(server)
    return found


def _bound(host: str, port: int) -> socket.socket:
    end = time.monotonic() + _BIND_SECONDS
    while True:
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((host, port))
            server.listen(16)
        except OSError:
            server.close()
            if time.monotonic() >= end:
                raise
            time.sleep(0.05)
        else:
            return server
