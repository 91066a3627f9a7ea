"""Connections whose every wait ends at one deadline, so that a drip of bytes gains no time."""

from __future__ import annotations

import ssl
import threading
import time
import typing
from collections.abc import Iterable

import httpcore


class _Deadline(threading.local):
    """When this thread's exchange has to be over. One thread runs one exchange at a time."""

    at: float = float("inf")

    def left(self, timeout: float | None) -> float:
        """Seconds that one more wait may take. Errors: `httpcore.ReadTimeout` at none."""
        left = self.at - time.perf_counter()
        if left <= 0:
            raise httpcore.ReadTimeout("the answer took too long")
        return left if timeout is None else min(timeout, left)


deadline = _Deadline()


class _BoundedStream(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline: a drip of bytes gains no time."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, deadline.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = deadline.left(timeout)
        return _BoundedStream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> typing.Any:
        return self._inner.get_extra_info(info)


class BoundedBackend(httpcore.NetworkBackend):
    """Opens connections whose waits end at the deadline."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = deadline.left(timeout)
        stream = self._inner.connect_tcp(host, port, left, local_address, socket_options)
        return _BoundedStream(stream)
