"""Whoever waits for slow senders, and makes others wait as well."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from l7audit_stack.api.operation import Input
from l7audit_stack.api.security.bodies import BodyReader
from l7audit_stack.defects.defect import ASGIApp, Defect
from l7audit_stack.defects.edge import connection_manager

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

CONNECTIONS = 40
WORKERS = 8


def _few_connections(bootstrap: dict[str, Any]) -> dict[str, Any]:
    manager = connection_manager(bootstrap)
    del manager["request_headers_timeout"]
    for monitor in bootstrap["overload_manager"]["resource_monitors"]:
        monitor["typed_config"]["max_active_downstream_connections"] = CONNECTIONS
    return bootstrap


def _unbuffered(bootstrap: dict[str, Any]) -> dict[str, Any]:
    manager = connection_manager(bootstrap)
    manager["http_filters"] = [
        f for f in manager["http_filters"] if not f["name"].endswith("buffer")
    ]
    return bootstrap


def _workers(app: ASGIApp, _: Parts) -> ASGIApp:
    """A few workers, each taken from a request's head to the end of its answer."""
    free = asyncio.Semaphore(WORKERS)

    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        async with free:
            await app(scope, receive, send)

    return wrapped


_WORDS = re.compile(r"(\w+\s?)*\Z")
_SHORT = 26
"""Characters of the longest text that the pattern tries: seconds are lost on it, not hours."""


class WordsOnly(BodyReader):
    """Short texts of JSON bodies must be words; the pattern tries every way to cut them."""

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        self.check_depth(raw)
        self.check_text(raw)
        value = json.loads(raw)
        for text in value.values() if isinstance(value, dict) else ():
            if isinstance(text, str) and len(text) <= _SHORT:
                _WORDS.match(text)
        return super().json(raw, shape)


def _words_only(parts: Parts) -> Parts:
    own = parts.bodies
    return replace(parts, bodies=WordsOnly(own.max_bytes, own.max_depth, own.timeout))


def _slow(app: ASGIApp, _: Parts) -> ASGIApp:
    """Answers that take their time, whatever was sent."""

    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            await asyncio.sleep(0.08)
        await app(scope, receive, send)

    return wrapped


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="pen.few-connections",
        summary="The edge has few connections, and lets heads take as long as they like.",
        edge=_few_connections,
    ),
    Defect(
        name="pen.workers-wait-for-bodies",
        summary="The edge passes bodies on as they come, and each takes one of a few workers.",
        wrap=_workers,
        edge=_unbuffered,
    ),
    Defect(
        name="pen.pattern-of-patterns",
        summary="Short texts of bodies are checked by a pattern with a repetition in a repetition.",
        parts=_words_only,
    ),
    Defect(
        name="pen.slow-whatever-is-sent",
        summary="Every POST takes a while, whatever is in it.",
        near_miss=True,
        wrap=_slow,
    ),
)
