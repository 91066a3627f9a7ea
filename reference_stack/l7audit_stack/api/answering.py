"""Sending an answer: the fields every answer carries, whole bodies and streams, metrics and log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from typing import Any

import msgspec

from l7audit_stack.api.exchange import Exchange
from l7audit_stack.api.operation import Reply
from l7audit_stack.api.parts import Parts

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

_encode = msgspec.json.Encoder().encode


class Answering:
    """The one door out."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def send(self, exchange: Exchange, reply: Reply, receive: Receive, send: Send) -> None:
        body = self._body(reply)
        headers = self.fields(exchange, reply, body)
        try:
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            if reply.stream is None:
                await send({"type": "http.response.body", "body": body or b""})
            else:
                await self._stream(reply, receive, send)
        finally:
            self._record(exchange, reply.status)

    def fields(self, exchange: Exchange, reply: Reply, body: bytes | None) -> list[Header]:
        """All header fields of the answer."""
        parts, status, private = self._parts, reply.status, exchange.private
        given = reply.headers
        if given:
            given = {name.lower(): value for name, value in given.items()}
        headers: list[Header] = [
            (b"x-request-id", exchange.request_id.encode()),
            *parts.headers.for_answer(status, private=private),
        ]
        if reply.stream is None and status not in (204, 304):
            headers.append((b"content-length", b"%d" % len(body or b"")))
        if body or reply.stream is not None:
            headers.append((b"content-type", reply.media_type.encode()))
        if "cache-control" not in given:
            headers.append((b"cache-control", parts.headers.cache_control(status, private=private)))
        if "vary" not in given:
            headers += parts.cors.for_answer(exchange.headers.get("origin"))
        if exchange.notice is not None:
            headers.append((b"api-key-retires", formatdate(exchange.notice, usegmt=True).encode()))
        if exchange.verdict is not None:
            headers += parts.limiter.headers(exchange.limit, exchange.verdict)
        for name, value in given.items():
            headers.append((name.encode("latin-1"), value.encode("latin-1")))
        return headers

    def _body(self, reply: Reply) -> bytes | None:
        content = reply.content
        if content is None or isinstance(content, bytes):
            return content
        if isinstance(content, str):
            return content.encode()
        return _encode(content)

    async def _stream(self, reply: Reply, receive: Receive, send: Send) -> None:
        """Send pieces as they come; a client that leaves ends the work behind them."""
        sending = asyncio.create_task(self._send_pieces(reply, send))
        leaving = asyncio.create_task(self._wait_for_leave(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not sending.done():
                sending.cancel()
        try:
            await sending
        except asyncio.CancelledError:
            return

    async def _send_pieces(self, reply: Reply, send: Send) -> None:
        assert reply.stream is not None
        async for piece in reply.stream:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _wait_for_leave(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue

    def _record(self, exchange: Exchange, status: int) -> None:
        seconds = time.perf_counter() - exchange.started
        operation = exchange.operation.name if exchange.operation else exchange.limit or "none"
        principal = exchange.principal
        self._parts.metrics.request(operation, exchange.method, status, seconds)
        self._parts.log.request(
            request_id=exchange.request_id,
            method=exchange.method,
            operation=operation,
            status=status,
            seconds=seconds,
            client=exchange.client,
            principal=principal.id if principal else None,
        )
