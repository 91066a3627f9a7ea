"""The server's protocol sends what uvicorn's own would send, byte for byte."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from l7audit_stack.api.http_protocol import QuickProtocol, head
from l7audit_stack.api.serve import server_config

Headers = list[Any]

JSON = (b"content-type", b"application/json")
SIX = (b"content-length", b"6")


class _Transport:
    """Keeps what is written; stands in for a connection."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written += data

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("127.0.0.1", 5), "sockname": ("127.0.0.1", 6)}.get(name, default)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        """Nothing is read here."""

    def resume_reading(self) -> None:
        """Nothing is read here."""


def _sent(
    kind: type[HttpToolsProtocol], request: bytes, status: int, headers: Headers
) -> tuple[bytes, bool]:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        body = b"" if status == 204 else b"answer"
        await send({"type": "http.response.body", "body": body})

    async def story() -> tuple[bytes, bool]:
        config = server_config(app, "127.0.0.1", 1, 1.0)
        config.load()
        state = ServerState()
        state.default_headers = [(b"date", b"Mon, 23 Nov 2026 01:00:00 GMT")]
        protocol = kind(config=config, server_state=state, app_state={})
        transport: Any = _Transport()
        protocol.connection_made(transport)
        for _ in range(2):
            # The second answer has fields that are remembered from the first.
            if not transport.closed:
                protocol.data_received(request)
            await asyncio.gather(*state.tasks)
        protocol.connection_lost(None)
        return transport.written, transport.closed

    return asyncio.run(story())


GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
CASES: dict[str, tuple[bytes, int, Headers]] = {
    "ordinary": (GET, 200, [JSON, SIX, (b"x-request-id", b"abc"), (b"vary", b"Origin")]),
    "a name in capitals": (GET, 200, [(b"X-Mixed", b"A"), SIX]),
    "two fields of one name": (GET, 200, [SIX, (b"vary", b"a"), (b"vary", b"b")]),
    "fields as lists": (GET, 200, [list(JSON), list(SIX)]),
    "unknown length": (GET, 200, [JSON]),
    "no content": (GET, 204, [(b"vary", b"Origin")]),
    "the answer closes": (GET, 400, [SIX, (b"connection", b"close")]),
    "the caller closes": (b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n", 200, [SIX]),
    "HTTP/1.0": (b"GET / HTTP/1.0\r\n\r\n", 200, [SIX]),
    "only the head": (b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n", 200, [JSON, SIX]),
    "a length too short": (GET, 200, [(b"content-length", b"2")]),
    "a length too long": (GET, 200, [(b"content-length", b"9")]),
    "an injected line": (GET, 200, [SIX, (b"location", b"/\r\nset-cookie: a=b")]),
    "an injected request id": (GET, 200, [SIX, (b"x-request-id", b"a\r\nset-cookie: a=b")]),
    "a name that is none": (GET, 200, [SIX, (b"a b", b"c")]),
}


@pytest.mark.parametrize("case", CASES)
def test_the_bytes_are_those_of_uvicorn(case: str) -> None:
    request, status, headers = CASES[case]
    own = _sent(QuickProtocol, request, status, headers)
    assert own == _sent(HttpToolsProtocol, request, status, headers)
    # What uvicorn refuses to write ends the connection instead.
    assert own[0].startswith(b"HTTP/1.1 ") or own == (b"", True)
    assert b"set-cookie" not in own[0]


@pytest.mark.parametrize("name", [b"location", b"x-request-id", b"ratelimit"])
def test_a_field_that_holds_a_line_break_is_never_made_a_line(name: bytes) -> None:
    field = (name, b"a\r\nset-cookie: b=c")
    assert head(200, [], [SIX, field]) is None
    assert head(200, [], [SIX, field]) is None


def test_what_is_remembered_is_bounded_and_forgetting_changes_nothing() -> None:
    answers = {head(200, [JSON], [SIX, (b"etag", b"%d" % n)]) is None for n in range(5000)}
    assert answers == {False}
    assert head(200, [JSON], [SIX]) == (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 6\r\n\r\n",
        6,
    )
