"""Paths that answer although nobody documents them, and those that only seem to."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from l7audit_stack.api.parts import Parts
from l7audit_stack.defects.answers import Asked, Told, wholes
from l7audit_stack.defects.defect import ASGIApp, Defect

Wrap = Callable[[ASGIApp, Parts], ASGIApp]
_JSON, _TEXT, _HTML = "application/json", "text/plain; charset=utf-8", "text/html; charset=utf-8"


def _served(pages: Mapping[str, tuple[str, bytes]]) -> Wrap:
    """Answers these paths with a media type and a body, for everybody."""

    def edit(asked: Asked, told: Told, _: Parts) -> Told:
        page = pages.get(asked.path)
        if page is None or asked.method != "GET" or told.status != 404:
            return told
        return Told(200, told.put({"content-type": page[0]}).fields, page[1])

    return wholes(edit)


def _refused(*folders: str) -> Wrap:
    """Refuses everybody below these folders, whatever is asked for."""

    def edit(asked: Asked, told: Told, _: Parts) -> Told:
        if not asked.path.startswith(folders) or told.status != 404:
            return told
        return Told(403, told.put({"content-type": _JSON}).fields, b'{"title":"Operators only."}')

    return wholes(edit)


def _json(value: Any) -> tuple[str, bytes]:
    return _JSON, msgspec.json.encode(value)


def _everything(asked: Asked, told: Told, _: Parts) -> Told:
    """One page for every path that there is not, with the path and the time in it."""
    if told.status != 404 or asked.method != "GET" or b"such operation" not in told.body:
        return told
    page = {"app": "agents", "asked": asked.path, "at": time.time(), "message": "Welcome."}
    return Told(200, told.put({"content-type": _JSON}).fields, msgspec.json.encode(page))


def _rewritten(change: Callable[[str, str], tuple[str, str]]) -> Wrap:
    """Hands a request on with another method and path."""

    def wrap(app: ASGIApp, _: Parts) -> ASGIApp:
        async def around(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                method, path = change(scope["method"], scope["path"])
                if (method, path) != (scope["method"], scope["path"]):
                    raw = path.encode("latin-1", "replace")
                    scope = {**scope, "method": method, "path": path, "raw_path": raw}
            await app(scope, receive, send)

        return around

    return wrap


def _singular(method: str, path: str) -> tuple[str, str]:
    return method, "/v1/agents" if path == "/v1/agent" else path


def _export(method: str, path: str) -> tuple[str, str]:
    return method, "/v1/documents" if path == "/v1/documents/export" else path


def _put_as_patch(method: str, path: str) -> tuple[str, str]:
    return ("PATCH" if method == "PUT" and path.startswith("/v1/webhooks/") else method), path


def _hides_methods(_: Asked, told: Told, __: Parts) -> Told:
    """A method that nobody has is as absent as a path."""
    return Told(404, told.without("allow").fields, told.body) if told.status == 405 else told


def _absent(asked: Asked, told: Told, _: Parts) -> Told:
    return Told(404, told.fields, b"{}") if asked.path == "/health/detail" else told


def _hidden(asked: Asked, told: Told, _: Parts) -> Told:
    if asked.path != "/health/detail" or told.status not in {401, 403}:
        return told
    return Told(404, told.without("www-authenticate").fields, b"{}")


_ENVIRONMENT = {
    "activeProfiles": ["prod"],
    "propertySources": [{"name": "systemEnvironment", "properties": sorted(os.environ)[:20]}],
}
_SETTINGS = b"; the agents' own\n[database]\nhost = 10.0.0.4\npassword = not-for-you\n"
_REPOSITORY = b'[core]\n\tbare = false\n[remote "origin"]\n\turl = https://git.example/agents\n'
_DOCS = b"<!doctype html><title>Agents</title><div id=swagger-ui></div><script src=swagger-ui.js>"

DEFECTS: tuple[Defect, ...] = (
    Defect(
        "expose.environment-shown",
        "An interface for operators shows the environment to everybody.",
        wrap=_served({"/actuator/env": _json(_ENVIRONMENT)}),
    ),
    Defect(
        "expose.profiler-open",
        "A profiler answers below the API's own prefix.",
        wrap=_served({"/v1/debug/pprof/": (_TEXT, b"/debug/pprof/\nheap\ngoroutine\n")}),
    ),
    Defect(
        "expose.operators-own-open",
        "What is kept for operators answers to everybody in a folder of its own.",
        wrap=_served({"/internal/sessions": _json([{"who": "ada", "since": 1893456000}])}),
    ),
    Defect(
        "expose.operators-own-shut",
        "What is kept for operators tells everybody that he is none.",
        near_miss=True,
        wrap=_refused("/internal/", "/admin/"),
    ),
    Defect(
        "expose.catch-all",
        "Every path that there is not is answered with one page and 200.",
        near_miss=True,
        wrap=wholes(_everything),
    ),
    Defect(
        "expose.repository-served",
        "The folder of version control lies in what is served.",
        wrap=_served({"/.git/HEAD": (_TEXT, b"ref: refs/heads/main\n")}),
    ),
    Defect(
        "expose.repository-half-shut",
        "Of version control's folder what is known best is refused, and its settings are served.",
        wrap=_served({"/.git/config": (_TEXT, _REPOSITORY)}),
    ),
    Defect(
        "expose.archive-served",
        "A packed backup lies in what is served.",
        wrap=_served({"/backup.tar.gz": ("application/gzip", gzip.compress(b"agents", mtime=0))}),
    ),
    Defect(
        "expose.backup-served",
        "A backup is left beside what it is one of.",
        wrap=_served({"/v1/agents.sql": (_TEXT, b"CREATE TABLE agents (id uuid);\n")}),
    ),
    Defect(
        "expose.settings-served",
        "The file of settings lies in what is served.",
        wrap=_served({"/settings.ini": (_TEXT, _SETTINGS)}),
    ),
    Defect(
        "expose.settings-of-a-page",
        "A page's own settings are served to browsers, with no secret in them.",
        near_miss=True,
        wrap=_served({"/config.json": _json({"api": "/v1", "theme": "dark", "keys": 3})}),
    ),
    Defect(
        "expose.docs-page",
        "A page on which the API is tried is left in production.",
        wrap=_served({"/docs": (_HTML, _DOCS)}),
    ),
    Defect(
        "expose.singular-alias",
        "A collection answers under a second name.",
        wrap=_rewritten(_singular),
    ),
    Defect(
        "expose.forgotten-export",
        "An export stands below a collection.",
        wrap=_rewritten(_export),
    ),
    Defect(
        "expose.put-as-patch",
        "A PUT is taken for a PATCH.",
        wrap=_rewritten(_put_as_patch),
    ),
    Defect(
        "expose.methods-hidden",
        "A method that nobody has is answered as a path that is not there.",
        near_miss=True,
        wrap=wholes(_hides_methods),
    ),
    Defect(
        "expose.promised-and-absent",
        "An operation of the document is served by nobody.",
        wrap=wholes(_absent),
    ),
    Defect(
        "expose.hidden-from-most",
        "An operation is as absent to whoever may not use it.",
        near_miss=True,
        wrap=wholes(_hidden),
    ),
)
