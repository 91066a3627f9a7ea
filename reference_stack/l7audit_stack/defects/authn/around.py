"""Things that stand around the API and change what goes in or comes out: gateways, middleware."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from l7audit_stack.api.parts import Parts
from l7audit_stack.defects.defect import ASGIApp

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

CREDENTIALS = (b"authorization", b"x-api-key")


@dataclass(slots=True)
class Whole:
    """An answer that was held back until it was complete."""

    status: int
    headers: list[Header]
    body: bytes

    def header(self, name: bytes, value: bytes | None) -> None:
        """Replaces a field; None removes it."""
        self.headers = [pair for pair in self.headers if pair[0].lower() != name]
        if value is not None:
            self.headers.append((name, value))

    def content(self, body: bytes, media_type: bytes = b"application/json") -> None:
        """Replaces the body."""
        self.body = body
        self.header(b"content-type", media_type)
        self.header(b"content-length", b"%d" % len(body))


def operation_path(parts: Parts, name: str) -> str:
    """The path of an operation of the API."""
    return next(o.path for o in parts.operations if o.name == name)


def anonymous(scope: Scope) -> bool:
    """Whether a request carries no credential."""
    return not any(name in CREDENTIALS for name, _ in scope["headers"])


def with_header(scope: Scope, name: bytes, value: bytes) -> Scope:
    """The request with one more field."""
    return {**scope, "headers": [*scope["headers"], (name, value)]}


async def body_of(receive: Receive) -> bytes:
    """The whole body of a request."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def replayed(body: bytes, receive: Receive) -> Receive:
    """A request's body once more, and then whatever comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def changing_answers(
    when: Callable[[Scope, int], bool], change: Callable[[Whole], None]
) -> Callable[[ASGIApp, Parts], ASGIApp]:
    """Holds back the answers for which `when(scope, status)` is true, and lets `change` at them."""

    def wrap(app: ASGIApp, _parts: Parts) -> ASGIApp:
        async def around(scope: Scope, receive: Receive, send: Send) -> None:
            held: list[Whole] = []

            async def door(message: Message) -> None:
                if message["type"] == "http.response.start" and when(scope, message["status"]):
                    held.append(Whole(message["status"], list(message["headers"]), b""))
                elif held:
                    held[0].body += message.get("body", b"")
                    if not message.get("more_body", False):
                        await _send(held[0])
                else:
                    await send(message)

            async def _send(whole: Whole) -> None:
                change(whole)
                start = {"status": whole.status, "headers": whole.headers}
                await send({"type": "http.response.start", **start})
                await send({"type": "http.response.body", "body": whole.body})

            await app(scope, receive, door if scope["type"] == "http" else send)

        return around

    return wrap


async def answer(send: Send, status: int, body: bytes, *more: Header) -> None:
    """Answers a request without asking the API."""
    headers = [(b"content-type", b"application/problem+json"), *more]
    headers.append((b"content-length", b"%d" % len(body)))
    headers.append((b"cache-control", b"no-store"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
