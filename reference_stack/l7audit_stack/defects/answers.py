"""Changing answers on their way out, as a proxy or an outer layer would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from l7audit_stack.defects.defect import ASGIApp

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: `headers` by their name in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]

    @property
    def anonymous(self) -> bool:
        return not {"authorization", "x-api-key"} & self.headers.keys()

    @property
    def origin(self) -> str:
        return self.headers.get("origin", "")


@dataclass(frozen=True, slots=True)
class Told:
    """What is answered. Names of fields are in lower case; `body` is empty unless asked for."""

    status: int
    fields: Fields
    body: bytes = b""

    def get(self, name: str) -> str:
        return next((v for n, v in self.fields if n == name), "")

    def without(self, *names: str) -> Told:
        return replace(self, fields=tuple(f for f in self.fields if f[0] not in names))

    def put(self, fields: Mapping[str, str]) -> Told:
        """With these fields in place of those of the same names."""
        return self.without(*fields).add(*fields.items())

    def add(self, *fields: tuple[str, str]) -> Told:
        """With these fields beside those of the same names."""
        return replace(self, fields=(*self.fields, *fields))


Edit = Callable[[Asked, Told, "Parts"], Told]


def heads(edit: Edit) -> Callable[[ASGIApp, Parts], ASGIApp]:
    """A wrapper that edits status and fields, and lets bodies through as they come."""

    def wrap(app: ASGIApp, parts: Parts) -> ASGIApp:
        async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return

            async def sending(message: dict[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    message = _start(edit(asked(scope), _told(message), parts))
                await send(message)

            await app(scope, receive, sending)

        return wrapped

    return wrap


def wholes(edit: Edit) -> Callable[[ASGIApp, Parts], ASGIApp]:
    """A wrapper that edits the body too. Of streamed answers it edits the head alone."""

    def wrap(app: ASGIApp, parts: Parts) -> ASGIApp:
        async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            held: list[dict[str, Any]] = []

            async def sending(message: dict[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    held.append(message)
                elif held:
                    start = held.pop()
                    before = _told(start, message.get("body", b""))
                    after = edit(asked(scope), before, parts)
                    if after.body != before.body:
                        after = after.put({"content-length": str(len(after.body))})
                    await send(_start(after))
                    await send({**message, "body": after.body})
                else:
                    await send(message)

            await app(scope, receive, sending)

        return wrapped

    return wrap


def asked(scope: Mapping[str, Any]) -> Asked:
    """The request of an ASGI scope."""
    headers = {n.decode("latin-1"): v.decode("latin-1") for n, v in scope["headers"]}
    return Asked(scope["method"], scope["path"], headers)


def _told(start: Mapping[str, Any], body: bytes = b"") -> Told:
    fields = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in start["headers"])
    return Told(start["status"], fields, body)


def _start(told: Told) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": told.status,
        "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in told.fields],
    }
