"""Planted defects of cross-origin rules: the mistakes that teams make when they match origins."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

from l7audit_stack.api.security.cors import Cors
from l7audit_stack.defects import careless_cors as careless
from l7audit_stack.defects.answers import Asked, Told, asked, heads, wholes
from l7audit_stack.defects.defect import ASGIApp, Defect

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_REFUSAL = b'{"type":"about:blank","title":"Forbidden","status":403}'


def _policy(kind: type[Cors] = Cors, **changes: Any) -> Callable[[Parts], Parts]:
    """The policy's settings, kept by a careless implementation."""

    def swap(parts: Parts) -> Parts:
        kept = {f.name: getattr(parts.cors, f.name) for f in fields(Cors)}
        return replace(parts, cors=kind(**{**kept, **changes}))

    return swap


def _preflights_behind_authentication(app: ASGIApp, parts: Parts) -> ASGIApp:  # noqa: ARG001
    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "OPTIONS" and asked(scope).anonymous:
            fields = [(b"content-length", b"0"), (b"www-authenticate", b"Bearer")]
            await send({"type": "http.response.start", "status": 401, "headers": fields})
            await send({"type": "http.response.body", "body": b""})
            return
        await app(scope, receive, send)

    return wrapped


def _preflights_run_operations(app: ASGIApp, parts: Parts) -> ASGIApp:  # noqa: ARG001
    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            announced = asked(scope).headers.get("access-control-request-method", "OPTIONS")
            scope = {**scope, "method": announced}
        await app(scope, receive, send)

    return wrapped


# --- outside the policy -----------------------------------------------------------------------


def _bare_error(_: Asked, told: Told, __: Parts) -> Told:
    if told.status < 400:
        return told
    kept = (f for f in told.fields if f[0] != "vary" and not f[0].startswith("access-control-"))
    return replace(told, fields=tuple(kept))


def _open_error(asked: Asked, told: Told, _: Parts) -> Told:
    if told.status < 400 or not asked.origin:
        return told
    return told.put(
        {
            "access-control-allow-origin": asked.origin,
            "access-control-allow-credentials": "true",
            "vary": "Origin",
        }
    )


def _public_read(asked: Asked, told: Told) -> bool:
    return asked.method == "GET" and asked.anonymous and told.status == 200


def _public_to_all(asked: Asked, told: Told, _: Parts) -> Told:
    if not _public_read(asked, told):
        return told
    bare = told.without("vary", "access-control-allow-credentials")
    return bare.put({"access-control-allow-origin": "*", "access-control-expose-headers": "*"})


def _public_to_all_with_credentials(asked: Asked, told: Told, parts: Parts) -> Told:
    if not _public_read(asked, told):
        return told
    return _public_to_all(asked, told, parts).put({"access-control-allow-credentials": "true"})


def _public_echo(asked: Asked, told: Told, _: Parts) -> Told:
    if not _public_read(asked, told) or not asked.origin:
        return told
    bare = told.without("access-control-allow-credentials")
    return bare.put({"access-control-allow-origin": asked.origin})


def _strangers_forbidden(asked: Asked, told: Told, parts: Parts) -> Told:
    if not asked.origin or parts.cors.allows(asked.origin):
        return told
    refused = replace(told, status=403, body=_REFUSAL)
    return refused.put({"content-type": "application/problem+json"})


def _session_cookie(attributes: str) -> Callable[[Asked, Told, Parts], Told]:
    """Hands the token of a login out as a cookie, too."""

    def edit(asked: Asked, told: Told, _: Parts) -> Told:
        if asked.method != "POST" or told.status != 200 or b'"access_token"' not in told.body:
            return told
        token = json.loads(told.body)["access_token"]
        return told.add(("set-cookie", f"session={token}; Path=/; Secure; HttpOnly{attributes}"))

    return edit


def _from_cookie(app: ASGIApp, parts: Parts) -> ASGIApp:  # noqa: ARG001
    """Takes a session's cookie for a credential where there is no other."""

    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and asked(scope).anonymous:
            jar = SimpleCookie(asked(scope).headers.get("cookie", ""))
            if "session" in jar:
                token = f"Bearer {jar['session'].value}".encode()
                scope = {**scope, "headers": [*scope["headers"], (b"authorization", token)]}
        await app(scope, receive, send)

    return wrapped


def _cookie_session(attributes: str) -> Callable[[ASGIApp, Parts], ASGIApp]:
    def wrap(app: ASGIApp, parts: Parts) -> ASGIApp:
        return wholes(_session_cookie(attributes))(_from_cookie(app, parts), parts)

    return wrap


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "cors.cookie-session-unguarded",
        "Logins set a cookie for all sites, which opens everything by itself.",
        wrap=_cookie_session("; SameSite=None"),
    ),
    Defect(
        "cors.token-from-a-cookie",
        "A token in a cookie is as good as one in the header.",
        wrap=_from_cookie,
    ),
    Defect(
        "cors.cookie-session-kept-home",
        "Logins set a cookie that browsers keep from other sites.",
        near_miss=True,
        wrap=_cookie_session("; SameSite=Lax"),
    ),
    Defect(
        "cors.reflects-any-origin",
        "Whatever origin asks is echoed, with credentials.",
        parts=_policy(careless.AnyOrigin),
    ),
    Defect(
        "cors.trusts-localhost",
        "A pattern for developers' machines was left in production's list.",
        parts=_policy(careless.Localhost),
    ),
    Defect(
        "cors.trusts-null",
        "The null origin is on the list, for a page that was once opened from a file.",
        parts=_policy(careless.Null),
    ),
    Defect(
        "cors.prefix-match",
        "An origin need only start with an allowed one.",
        parts=_policy(careless.Prefix),
    ),
    Defect(
        "cors.suffix-match",
        "An origin need only end with an allowed host.",
        parts=_policy(careless.Suffix),
    ),
    Defect(
        "cors.unescaped-dot",
        "Allowed origins are used as patterns, where a dot is any character.",
        parts=_policy(careless.UnescapedDot),
    ),
    Defect(
        "cors.any-sub-domain",
        "Every sub-domain of an allowed host is trusted too.",
        parts=_policy(careless.AnySubDomain),
    ),
    Defect(
        "cors.ignores-scheme",
        "Only the host and port of an origin are compared.",
        parts=_policy(careless.AnyScheme),
    ),
    Defect(
        "cors.unanchored-parse",
        "A pattern reads scheme and host from the start of an origin and drops the rest.",
        parts=_policy(careless.Unanchored),
    ),
    Defect(
        "cors.lists-all-origins",
        "The grant is the whole list of origins in one header.",
        parts=_policy(careless.ListOfAll),
    ),
    Defect(
        "cors.credentials-capitalised",
        "Credentials are allowed by Python's True, which browsers take for no.",
        parts=_policy(careless.Capitalised),
    ),
    Defect(
        "cors.wildcard-with-credentials",
        "Public reads are granted to all, with credentials.",
        wrap=heads(_public_to_all_with_credentials),
    ),
    Defect(
        "cors.vary-only-when-allowed",
        "Refused answers, and those without an origin, do not vary.",
        parts=_policy(careless.VaryWhenAllowed),
    ),
    Defect(
        "cors.errors-skip-the-policy",
        "Errors are made outside the cross-origin layer.",
        wrap=heads(_bare_error),
    ),
    Defect(
        "cors.errors-open-to-all",
        "The error handler echoes any origin, with credentials.",
        wrap=heads(_open_error),
    ),
    Defect(
        "cors.preflight-mirrors",
        "Preflights of allowed origins permit whatever method and headers are asked for.",
        parts=_policy(careless.Mirror),
    ),
    Defect(
        "cors.preflight-kept-for-a-year",
        "Browsers are asked to remember preflights for a year.",
        parts=_policy(max_age=31_536_000),
    ),
    Defect(
        "cors.refused-preflight-mirrors",
        "Preflights of refused origins get back the method and headers they asked for.",
        parts=_policy(careless.MirrorToRefused),
    ),
    Defect(
        "cors.preflight-needs-a-credential",
        "Authentication stands before the cross-origin layer.",
        wrap=_preflights_behind_authentication,
    ),
    Defect(
        "cors.preflight-runs-the-operation",
        "Preflights are dispatched to the operation they announce.",
        wrap=_preflights_run_operations,
    ),
    Defect(
        "cors.exposes-everything",
        "All headers are exposed by a wildcard.",
        parts=_policy(exposed_headers=("*",)),
    ),
    Defect(
        "cors.wildcard-on-public-read",
        "Public reads are granted to all, without credentials.",
        near_miss=True,
        wrap=heads(_public_to_all),
    ),
    Defect(
        "cors.echo-on-public-read",
        "Public reads echo any origin, without credentials.",
        near_miss=True,
        wrap=heads(_public_echo),
    ),
    Defect(
        "cors.refuses-strangers-with-403",
        "Whatever a refused origin asks is answered with 403.",
        near_miss=True,
        wrap=wholes(_strangers_forbidden),
    ),
    Defect(
        "cors.names-its-own-to-strangers",
        "Refused origins are told an allowed one, which browsers take for a refusal.",
        near_miss=True,
        parts=_policy(careless.FirstOfList),
    ),
    Defect(
        "cors.without-credentials",
        "Allowed origins are granted without credentials, since tokens travel in headers.",
        near_miss=True,
        parts=_policy(credentials=False),
    ),
    Defect(
        "cors.as-another-library-writes-it",
        "Hosts compared without case, Vary in lower case among others, no age of preflights, and "
        "fixed lists told to refused ones.",
        near_miss=True,
        parts=_policy(careless.AnotherLibrary),
    ),
)
