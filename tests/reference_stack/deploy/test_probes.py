"""Asking once whether something serves."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from l7audit_stack.deploy.certificates import make_certificates
from l7audit_stack.deploy.ports import LOOPBACK
from l7audit_stack.deploy.probes import http_status, redis_calls


def _against(
    answer: bytes, ask: Callable[[int], Coroutine[None, None, object]], *, stays_open: bool = False
) -> object:
    """Ask a server that gives `answer` to whatever it is sent."""

    def serve(listener: socket.socket) -> None:
        link, _ = listener.accept()
        with link:
            link.recv(4096)
            link.sendall(answer)
            if stays_open:
                link.recv(4096)  # until the other end closes

    with socket.create_server((LOOPBACK, 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            return asyncio.run(ask(listener.getsockname()[1]))
        finally:
            thread.join()


def _status(port: int) -> Coroutine[None, None, object]:
    return http_status(port, "/")


def _ping(port: int) -> Coroutine[None, None, object]:
    return redis_calls(port, "password", ("PING",))


def test_an_answer_counts_though_the_connection_stays_open() -> None:
    answer = b"HTTP/1.1 503 Away\r\ncontent-length: 3\r\n\r\nno."
    assert _against(answer, _status, stays_open=True) == 503


@pytest.mark.parametrize("answer", [b"", b"ready mail.example\r\n\r\n", b"HTTP/1.1 200 OK\r\n"])
def test_what_is_not_http_is_no_answer(answer: bytes) -> None:
    with pytest.raises(ConnectionError, match="not HTTP"):
        _against(answer, _status)


def test_nobody_listening_is_an_os_error() -> None:
    with pytest.raises(OSError, match=r"refused|failed"):
        asyncio.run(http_status(1, "/"))


def test_a_store_that_hangs_up_is_an_error_and_not_an_empty_answer() -> None:
    with pytest.raises(ConnectionError, match="closed the connection"):
        _against(b"", _ping)


def test_no_socket_is_left_open_where_the_other_end_says_no_goodbye(tmp_path: Path) -> None:
    made, asked = make_certificates(tmp_path), threading.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server, made.server_key)

    def serve(listener: socket.socket) -> None:
        plain, _ = listener.accept()
        with context.wrap_socket(plain, server_side=True) as link:
            link.recv(4096)
            link.sendall(b"HTTP/1.1 204 Nothing\r\n\r\n")
            asked.wait(10)

    with (
        socket.create_server((LOOPBACK, 0)) as listener,
        warnings.catch_warnings(record=True) as left,
    ):
        warnings.simplefilter("always")
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            assert asyncio.run(http_status(listener.getsockname()[1], "/", tls=True)) == 204
            gc.collect()
        finally:
            asked.set()
            thread.join()
    assert left == []
