"""The proxy that counts requests: it counts heads, and changes nothing."""

from __future__ import annotations

import contextlib
import http.server
import importlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest

ROOT = Path(__file__).parents[2]

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks" / "detection"))
    return importlib.import_module("counting")


@pytest.mark.parametrize(
    ("sent", "requests"),
    [
        (b"", 0),
        (b"\r\n", 0),
        (GET, 1),
        (GET * 3, 3),
        (b"GET / HTTP/1.1\r\nHos", 1),
        (GET.replace(b"\r\n", b"\n") * 2, 2),
        (POST % (len(GET), GET) + GET, 2),
        (POST % (len(GET) + 9, GET), 1),
        (CHUNKED + b"1c;x=y\r\n" + GET + b"\r\n0\r\nTrailer: x\r\n\r\n" + GET, 2),
        (CHUNKED + b"nonsense\r\n" + GET, 1),
        (b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n" + GET, 1),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 1),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 4096])
def test_heads_are_counted_wherever_the_bytes_are_cut(
    counting: ModuleType, sent: bytes, requests: int, piece: int
) -> None:
    heads = counting.Heads()
    for start in range(0, len(sent), piece):
        heads.feed(sent[start : start + piece])
    assert heads.count == requests


class _Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def upstream() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_requests_on_kept_and_on_new_connections_are_counted(
    counting: ModuleType, upstream: str
) -> None:
    body = bytes(range(256)) * 1000
    with counting.counted(upstream) as counter:
        with httpx.Client(base_url=counter.url, trust_env=False) as client:
            answers = [client.post("/", content=body).content for _ in range(3)]
        answers.append(httpx.post(counter.url, content=body, trust_env=False).content)
        assert counter.requests == 4
    assert answers == [body] * 4


def test_bytes_pass_as_they_are_and_ends_are_passed_on(counting: ModuleType) -> None:
    sent = b"GET / HTTP/9.9\nContent-Length: -1\n\tfolded\r\r\n\x00\xff" + b"\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        with (
            counting.counted(f"http://127.0.0.1:{listener.getsockname()[1]}") as counter,
            socket.create_connection(("127.0.0.1", int(counter.url.rpartition(":")[2]))) as client,
        ):
            client.settimeout(20)
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            accepted, _ = listener.accept()
            with accepted:
                accepted.settimeout(20)
                assert _all(accepted) == sent
                accepted.sendall(b"\x00answer")
            assert _all(client) == b"\x00answer"
            assert counter.requests == 1


def test_open_connections_end_with_the_proxy(counting: ModuleType) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        with counting.counted(f"http://127.0.0.1:{listener.getsockname()[1]}") as counter:
            client = socket.create_connection(("127.0.0.1", int(counter.url.rpartition(":")[2])))
            client.sendall(GET)
            accepted, _ = listener.accept()
        with client, accepted:
            client.settimeout(20)
            accepted.settimeout(20)
            assert counter.requests == 1
            for side in (client, accepted):
                with contextlib.suppress(ConnectionResetError):
                    assert _all(side) in (b"", GET)


def test_where_there_is_no_service_the_client_sees_its_connection_end(
    counting: ModuleType,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with counting.counted(nobody) as counter, pytest.raises(httpx.TransportError):
        httpx.get(counter.url, trust_env=False, timeout=20)


def _all(connection: socket.socket) -> bytes:
    got = b""
    while data := connection.recv(4096):
        got += data
    return got
