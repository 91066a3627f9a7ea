"""Guards that look at another method or another path than what then happens."""

from __future__ import annotations

import dataclasses
from typing import Any
from urllib.parse import unquote

from l7audit_stack.api.parts import Parts
from l7audit_stack.api.router import Router
from l7audit_stack.api.security.policy import AccessPolicy
from l7audit_stack.api.security.principals import Principal
from l7audit_stack.api.service import Service
from l7audit_stack.defects.defect import ASGIApp, Defect

_OVERRIDE = b"x-http-method-override"
_ORIGINAL = b"x-original-url"


class Anybody(AccessPolicy):
    """Leaves every decision to who stands in front."""

    def may(
        self,
        principal: Principal,
        permission: str,
        *,
        owner: str | None = None,
        tenant: str | None = None,
    ) -> bool:
        return True

    def tenant_filter(self, principal: Principal, permission: str) -> str | None:
        return None

    def owner_filter(self, principal: Principal, permission: str) -> str | None:
        return None


def _unguarded(parts: Parts) -> ASGIApp:
    """The service behind its guard."""
    return Service(dataclasses.replace(parts, policy=Anybody()))


def _field(scope: Any, name: bytes) -> str:
    return next((v.decode("latin-1") for n, v in scope["headers"] if n == name), "")


async def _let_in(app: ASGIApp, scope: Any, receive: Any) -> bool:
    """Whether the guard lets a request pass, by the answer that it would give."""
    statuses: list[int] = []

    async def count(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, count)
    return statuses[:1] == [200]


def _override_after(app: ASGIApp, parts: Parts) -> ASGIApp:
    """Guards the method that came, and does the one that the header asks for."""
    unguarded = _unguarded(parts)

    async def around(scope: Any, receive: Any, send: Any) -> None:
        wanted = _field(scope, _OVERRIDE) if scope["type"] == "http" else ""
        asked = wanted in {"DELETE", "PATCH", "PUT"} and scope["method"] == "GET"
        if asked and await _let_in(app, scope, receive):
            await unguarded({**scope, "method": wanted}, receive, send)
            return
        await app(scope, receive, send)

    return around


def _override_of_reads(app: ASGIApp, parts: Parts) -> ASGIApp:
    """Knows no right that a POST would need where only reads are, and reads for it."""
    unguarded = _unguarded(parts)

    async def around(scope: Any, receive: Any, send: Any) -> None:
        wanted = _field(scope, _OVERRIDE) if scope["type"] == "http" else ""
        if wanted == "GET" and scope["method"] == "POST":
            await unguarded({**scope, "method": "GET"}, receive, send)
            return
        await app(scope, receive, send)

    return around


def _override_before(app: ASGIApp, _parts: Parts) -> ASGIApp:
    """Takes the method that the header asks for, and guards that."""

    async def around(scope: Any, receive: Any, send: Any) -> None:
        wanted = _field(scope, _OVERRIDE) if scope["type"] == "http" else ""
        if wanted in {"DELETE", "GET", "PATCH", "PUT"} and scope["method"] == "POST":
            scope = {**scope, "method": wanted}
        await app(scope, receive, send)

    return around


def _canonical(raw: bytes) -> bytes:
    """The path as a lenient router reads it."""
    text = unquote(raw.decode("latin-1")).lower().rstrip("/")
    while "//" in text:
        text = text.replace("//", "/")
    return text.encode()


def _spelt(scope: Any, path: bytes) -> Any:
    return {**scope, "raw_path": path, "path": path.decode()}


def _literal_guard(app: ASGIApp, parts: Parts) -> ASGIApp:
    """Guards paths as they are written, and serves every spelling of them."""
    unguarded, router = _unguarded(parts), Router(parts.operations)

    async def around(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            path = _canonical(scope["raw_path"])
            if path != scope["raw_path"] and router.plain(path) is not None:
                await unguarded(_spelt(scope, path), receive, send)
                return
        await app(scope, receive, send)

    return around


def _lenient_router(app: ASGIApp, parts: Parts) -> ASGIApp:
    """Reads every spelling of a path, and guards what it means."""
    router = Router(parts.operations)

    async def around(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            path = _canonical(scope["raw_path"])
            if router.plain(path) is not None:
                scope = _spelt(scope, path)
        await app(scope, receive, send)

    return around


def _original_url(app: ASGIApp, parts: Parts) -> ASGIApp:
    """Guards the path that came, and serves the one that a proxy says it was."""
    unguarded = _unguarded(parts)

    async def around(scope: Any, receive: Any, send: Any) -> None:
        wanted = _field(scope, _ORIGINAL) if scope["type"] == "http" else ""
        if wanted.startswith("/"):
            await unguarded(_spelt(scope, wanted.encode("latin-1")), receive, send)
            return
        await app(scope, receive, send)

    return around


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authz.override-after-the-guard",
        summary="The guard looks at the method that came, and the one in a header is done.",
        wrap=_override_after,
    ),
    Defect(
        name="authz.override-of-reads",
        summary="A POST that asks for a GET in a header reads what its caller may not.",
        wrap=_override_of_reads,
    ),
    Defect(
        name="authz.override-before-the-guard",
        summary="The method in a header is taken before the guard looks at it.",
        near_miss=True,
        wrap=_override_before,
    ),
    Defect(
        name="authz.guard-of-literal-paths",
        summary="A guard knows paths as they are written, and the router reads them leniently.",
        wrap=_literal_guard,
    ),
    Defect(
        name="authz.original-url-believed",
        summary="The path in X-Original-URL is served, after the one that came was guarded.",
        wrap=_original_url,
    ),
    Defect(
        name="authz.lenient-router",
        summary="Every spelling of a path is read as the plain one, and guarded as such.",
        near_miss=True,
        wrap=_lenient_router,
    ),
)
