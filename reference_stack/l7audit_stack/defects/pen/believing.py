"""What a caller says of the method, the host and the way, and who believes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from l7audit_stack.defects.answers import Asked, Told, asked, wholes
from l7audit_stack.defects.defect import ASGIApp, Defect
from l7audit_stack.defects.edge import connection_manager

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_KNOWN = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
_JSON = (("content-type", "application/json"),)

Answering = Callable[[Asked, "Parts"], Told | None]
"""An answer in place of the app's own; None for the app's."""


def before(answer: Answering) -> Callable[[ASGIApp, Parts], ASGIApp]:
    """A wrapper that answers some requests itself."""

    def wrap(app: ASGIApp, parts: Parts) -> ASGIApp:
        async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
            told = answer(asked(scope), parts) if scope["type"] == "http" else None
            if told is None:
                await app(scope, receive, send)
                return
            fields = (*told.fields, ("content-length", str(len(told.body))))
            shown = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in fields]
            await send({"type": "http.response.start", "status": told.status, "headers": shown})
            await send({"type": "http.response.body", "body": told.body})

        return wrapped

    return wrap


def _trace(request: Asked, _: Parts) -> Told | None:
    if request.method != "TRACE":
        return None
    lines = [f"TRACE {request.path} HTTP/1.1", *(f"{n}: {v}" for n, v in request.headers.items())]
    return Told(200, (("content-type", "message/http"),), "\r\n".join(lines).encode())


def _offered(request: Asked, _: Parts) -> Told | None:
    if request.method in _KNOWN - {"TRACE"}:
        return None
    return Told(200, _JSON, json.dumps({"allow": ["GET", "HEAD", "OPTIONS"]}).encode())


def _all_get(app: ASGIApp, _: Parts) -> ASGIApp:
    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] not in _KNOWN:
            scope = {**scope, "method": "GET"}
        await app(scope, receive, send)

    return wrapped


def _linked(header: str) -> Any:
    """Links of the service's own, written with the host that a header names."""

    def edit(request: Asked, told: Told, parts: Parts) -> Told:
        host = request.headers.get(header, "")
        if not host:
            return told
        own = parts.settings.public_url.encode()
        return replace(told, body=told.body.replace(own, f"https://{host}".encode("latin-1")))

    return wholes(edit)


def _forwards_host(bootstrap: dict[str, Any]) -> dict[str, Any]:
    (extension,) = connection_manager(bootstrap)["early_header_mutation_extensions"]
    mutations = extension["typed_config"]["mutations"]
    mutations[:] = [m for m in mutations if m["remove"] != "x-forwarded-host"]
    return bootstrap


def _unknown_host(request: Asked, _: Parts) -> Told | None:
    host = request.headers.get("x-forwarded-host") or request.headers.get("host", "")
    if not host.endswith(".example"):
        return None
    return Told(421, _JSON, json.dumps({"title": f"The host {host} is not served here."}).encode())


def _slashes(request: Asked, _: Parts) -> Told | None:
    if request.method != "GET" or not request.path.endswith("/") or len(request.path) < 2:
        return None
    return Told(308, (("location", request.path.rstrip("/")),))


def _one_slash(request: Asked, _: Parts) -> Told | None:
    if request.method != "GET" or not request.path.startswith("//"):
        return None
    return Told(308, (("location", "/" + request.path.strip("/")),))


def _sent_on(app: ASGIApp, parts: Parts) -> ASGIApp:
    """Counts who leaves, and sends him on to where he says."""

    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        if scope["type"] != "http" or scope["path"] != "/out" or "url" not in query:
            await app(scope, receive, send)
            return
        told = Told(302, (("location", query["url"][0]),))
        await before(lambda *_: told)(app, parts)(scope, receive, send)

    return wrapped


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="pen.trace-echoes",
        summary="TRACE is answered with the request as it arrived.",
        wrap=before(_trace),
    ),
    Defect(
        name="pen.trace-says-what-is-offered",
        summary="Methods that nobody offers are answered with 200 and a list of those that are.",
        near_miss=True,
        wrap=before(_offered),
    ),
    Defect(
        name="pen.any-method-is-a-get",
        summary="A method that the router does not know is taken for GET.",
        wrap=_all_get,
    ),
    Defect(
        name="pen.links-to-the-host-asked-for",
        summary="Links of the service are written with the host that the request names.",
        wrap=_linked("host"),
    ),
    Defect(
        name="pen.links-to-the-forwarded-host",
        summary="The edge passes X-Forwarded-Host on, and links are written with it.",
        wrap=_linked("x-forwarded-host"),
        edge=_forwards_host,
    ),
    Defect(
        name="pen.names-the-unknown-host",
        summary="A host that is not served is refused by a sentence that names it.",
        near_miss=True,
        wrap=before(_unknown_host),
        edge=_forwards_host,
    ),
    Defect(
        name="pen.slashes-cleaned-by-redirect",
        summary="A slash at a path's end is taken away by a redirect to the rest as it stands.",
        wrap=before(_slashes),
    ),
    Defect(
        name="pen.leavers-are-counted",
        summary="A route that no document tells of sends whoever leaves to where he says.",
        wrap=_sent_on,
    ),
    Defect(
        name="pen.redirects-within",
        summary="Slashes at a path's beginning are made one by a redirect.",
        near_miss=True,
        wrap=before(_one_slash),
    ),
)
