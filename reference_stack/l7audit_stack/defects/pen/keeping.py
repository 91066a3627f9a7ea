"""Caches that keep too much, sessions that are kept too long, and uses that nobody counts."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from l7audit_stack.api.security.tokens import TokenIssuer
from l7audit_stack.data.identities import Identities, KeyRow
from l7audit_stack.defects.answers import Asked, Told, asked, heads
from l7audit_stack.defects.defect import ASGIApp, Defect

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

SECONDS = 5.0

ELSEWHERE = 0.02
"""Seconds that a step between takes, such as a call to a key store."""

_FILE = re.compile(r"(/|;|%3f|%0a|%00)[^/;%]*\.css\Z", re.IGNORECASE)

Key = Callable[[Asked, dict[str, Any]], str]
"""Under what an answer is kept; empty for one that is not."""


def _cached(key: Key) -> Callable[[ASGIApp, Parts], ASGIApp]:
    """A cache of answers that looks at nothing but its key."""

    def wrap(app: ASGIApp, _: Parts) -> ASGIApp:
        kept: dict[str, tuple[float, list[dict[str, Any]]]] = {}

        async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
            name = key(asked(scope), scope) if scope["type"] == "http" else ""
            if not name:
                await app(scope, receive, send)
                return
            until, messages = kept.get(name, (0.0, []))
            if until < time.monotonic():
                messages = []

                async def keeping(message: dict[str, Any]) -> None:
                    messages.append(message)

                await app(scope, receive, keeping)
                if messages and messages[0]["status"] in (200, 404, 422):
                    kept[name] = (time.monotonic() + SECONDS, messages)
            for message in messages:
                await send(message)

        return wrapped

    return wrap


def _address(request: Asked, scope: dict[str, Any]) -> str:
    """The whole address of a read by nobody in particular, where it has a query."""
    if request.method != "GET" or not request.anonymous or not scope["query_string"]:
        return ""
    return f"{request.path}?{scope['query_string'].decode('latin-1')}"


def _file(request: Asked, scope: dict[str, Any]) -> str:
    path: str = scope["raw_path"].decode("latin-1")
    return path if request.method == "GET" and _FILE.search(path) else ""


def _prefixed(request: Asked, told: Told, _: Parts) -> Told:
    """A link to the description, below the prefix that a proxy is said to have taken away."""
    prefix = request.headers.get("x-forwarded-prefix", "")
    return told.add(("link", f'<{prefix}/openapi.json>; rel="service-desc"'))


def _both(
    outer: Callable[[ASGIApp, Parts], ASGIApp], inner: Callable[[ASGIApp, Parts], ASGIApp]
) -> Callable[[ASGIApp, Parts], ASGIApp]:
    return lambda app, parts: outer(inner(app, parts), parts)


def _without_file(app: ASGIApp, _: Parts) -> ASGIApp:
    """A router that overlooks what looks like a file behind an address."""

    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            raw = _FILE.sub("", scope["raw_path"].decode("latin-1")).encode("latin-1")
            scope = {**scope, "raw_path": raw, "path": raw.decode("latin-1")}
        await app(scope, receive, send)

    return wrapped


@dataclass(frozen=True)
class OneTokenEach(TokenIssuer):
    """Hands out the token that is there, while it lasts."""

    given: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict, repr=False)

    def issue(self, **given: Any) -> tuple[str, dict[str, Any]]:
        subject, now, version = given["subject"], given["now"], given.get("password_version")
        key = f"{subject}:{sorted(given['scopes'] or ())}:{version}"
        known = self.given.get(key)
        if known is None or known[1]["exp"] < now + 60:
            known = super().issue(**given)
            self.given[key] = known
        return known


def _one_token(parts: Parts) -> Parts:
    own = parts.issuer
    issuer = OneTokenEach(own.keys, own.issuer, own.audience, own.lifetime)
    return replace(parts, issuer=issuer)


class LooksThenReplaces(Identities):
    """Looks whether a key was replaced, and replaces it in a second step."""

    async def replace_key(
        self,
        old: KeyRow,
        *,
        lookup: str,
        digest: bytes,
        expires_at: datetime | None,
        now: datetime,
        until: datetime,
    ) -> KeyRow | None:
        found = await self.key(old.id)
        if found is None or found[0].rotated_to is not None or found[0].revoked_at is not None:
            return None
        await asyncio.sleep(ELSEWHERE)
        made: str = await self._database.fetchval(
            "INSERT INTO api_keys (principal_id, name, lookup, digest, scopes, expires_at)"
            " SELECT principal_id, name, $2, $3, scopes, $4 FROM api_keys WHERE id = $1::uuid"
            " RETURNING id::text",
            old.id,
            lookup,
            digest,
            expires_at,
        )
        await self._database.execute(
            "UPDATE api_keys SET rotated_to = $2::uuid, expires_at = $3 WHERE id = $1::uuid",
            old.id,
            made,
            until,
        )
        successor = await self.key(made)
        return None if successor is None else successor[0]


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="pen.cache-keeps-what-callers-sent",
        summary="A cache keeps answers by their address, and a forwarded prefix is in them.",
        wrap=_both(_cached(_address), heads(_prefixed)),
    ),
    Defect(
        name="pen.prefix-reflected",
        summary="A forwarded prefix is in the answer to who sent it, which no cache keeps.",
        near_miss=True,
        wrap=heads(_prefixed),
    ),
    Defect(
        name="pen.cache-keeps-files-of-callers",
        summary="A cache keeps what looks like a file, and the router overlooks that look.",
        wrap=_both(_cached(_file), _without_file),
    ),
    Defect(
        name="pen.file-endings-overlooked",
        summary="The router overlooks what looks like a file, and no cache keeps it.",
        near_miss=True,
        wrap=_without_file,
    ),
    Defect(
        name="pen.one-token-for-all-logins",
        summary="A login hands out the token of the last one, while it lasts.",
        parts=_one_token,
    ),
    Defect(
        name="pen.looks-then-replaces",
        summary="Whether a key was replaced is looked up before it is replaced, in two steps.",
        parts=lambda parts: replace(parts, identities=LooksThenReplaces(parts.database)),
    ),
)
