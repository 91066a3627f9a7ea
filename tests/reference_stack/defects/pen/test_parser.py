from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn

from l7audit_stack.api.http_protocol import QuickProtocol
from l7audit_stack.api.serve import server_config
from l7audit_stack.defects.registry import ALL


async def app(scope: Any, receive: Any, send: Any) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    told = f"{scope['method']} {scope['path']} {len(body)};".encode()
    fields = [(b"content-length", b"%d" % len(told))]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": told})


def served(name: str | None, sent: bytes) -> str:
    """What a server with that parser understood of these bytes."""
    wrap: Callable[..., Any] = (ALL[name].wrap if name else None) or (lambda inner, _: inner)
    config = server_config(wrap(app, None), "127.0.0.1", 0, 1)

    async def talk() -> bytes:
        config.load()
        loop, state = asyncio.get_running_loop(), uvicorn.server.ServerState()

        def protocol() -> Any:
            return config.http_protocol_class(config=config, server_state=state, app_state={})

        server = await loop.create_server(protocol, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(sent)
        got = b""
        try:
            async with asyncio.timeout(0.3):
                while piece := await reader.read(4096):
                    got += piece
        except TimeoutError:
            pass
        writer.close()
        server.close()
        return got

    config.lifespan = "off"
    return asyncio.run(talk()).decode()


BEHIND = b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
TRIES = {
    "pen.unknown-coding-ignored": b"Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}",
    "pen.last-length-wins": b"Content-Length: 40\r\nContent-Length: 2\r\n\r\n{}",
    "pen.chunk-sizes-by-int": b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0x0\r\n\r\n",
}


@pytest.mark.parametrize("name", TRIES)
def test_a_careless_parser_goes_on_with_what_stands_behind(name: str) -> None:
    sent = b"POST /a HTTP/1.1\r\nHost: x\r\n" + TRIES[name] + BEHIND
    assert "POST /a 2;" in served(name, sent)
    assert "GET /b 0;" in served(name, sent)
    assert "GET /b" not in served(None, sent)


def test_a_body_of_a_read_is_taken_for_a_request() -> None:
    sent = b"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(BEHIND) + BEHIND
    assert "GET /b 0;" in served("pen.reads-have-no-body", sent)
    assert "GET /b" not in served(None, sent)


def test_a_coding_that_wins_ends_the_connection() -> None:
    fields = b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    told = served("pen.coding-wins-and-closes", b"POST /a HTTP/1.1\r\nHost: x\r\n" + fields)
    assert "POST /a 0;" in told
    assert "connection: close" in told.lower()


def test_what_needs_no_mending_goes_through_as_it_is() -> None:
    sent = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}" + BEHIND
    assert "POST /a 2;" in served("pen.last-length-wins", sent)
    assert "GET /b 0;" in served("pen.last-length-wins", sent)


def test_the_production_app_keeps_the_server_s_own_protocol() -> None:
    assert server_config(app, "127.0.0.1", 0, 1).http is QuickProtocol
