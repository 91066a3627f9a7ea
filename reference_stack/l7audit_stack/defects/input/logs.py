"""Logs that are written as they come to mind."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from l7audit_stack.api.operation import Input
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.security.bodies import BodyReader
from l7audit_stack.defects.answers import Asked, asked
from l7audit_stack.defects.authn.swap import become
from l7audit_stack.defects.defect import ASGIApp, Defect
from l7audit_stack.observability.logs import write_to_stdout

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_BEGINNING = 12


def _noting(line: Callable[[Asked, str], str]) -> Callable[[ASGIApp, Parts], ASGIApp]:
    """Writes a line for each request, of what was asked and its decoded path."""

    def wrap(app: ASGIApp, _: Parts) -> ASGIApp:
        async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                said = line(asked(scope), unquote(scope["raw_path"].decode("latin-1")))
                write_to_stdout(said.encode("utf-8", "replace") + b"\n")
            await app(scope, receive, send)

        return wrapped

    return wrap


def _plain(request: Asked, path: str) -> str:
    return f"{request.method} {path} {unquote(request.headers.get('user-agent', ''))}"


def _encoded(request: Asked, path: str) -> str:
    return json.dumps({"asked": path, "by": unquote(request.headers.get("user-agent", ""))})


def _headers(request: Asked, _: str) -> str:
    return json.dumps({"method": request.method, "headers": dict(request.headers)})


def _beginnings(request: Asked, _: str) -> str:
    """Who called, as far as a key or token may be told."""
    headers = request.headers
    shown = headers.get("x-api-key") or headers.get("authorization", "").partition(" ")[2]
    return json.dumps({"credential": shown[:_BEGINNING]})


class NamesWhoLogsIn(BodyReader):
    """Tells of logins that were not understood, in a sentence."""

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        try:
            return super().json(raw, shape)
        except Problem:
            with contextlib.suppress(ValueError, TypeError, KeyError):
                name = str(json.loads(raw)["username"])
                write_to_stdout(f"no login for {name}\n".encode("utf-8", "replace"))
            raise


class Keeps(BodyReader):
    """Keeps bodies that were not understood, for whoever looks into it."""

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        try:
            return super().json(raw, shape)
        except Problem:
            said = json.dumps({"not understood": raw.decode("utf-8", "replace")[:500]})
            write_to_stdout(said.encode() + b"\n")
            raise


def _bodies(kind: type[BodyReader]) -> Callable[[Parts], Parts]:
    return lambda parts: replace(parts, bodies=become(kind, parts.bodies))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "input.log-of-plain-lines",
        "The log has plain lines, with the decoded path and the caller's program in them.",
        wrap=_noting(_plain),
    ),
    Defect(
        "input.log-names-who-logs-in",
        "A plain line of the log names who could not log in.",
        parts=_bodies(NamesWhoLogsIn),
    ),
    Defect(
        "input.log-of-encoded-lines",
        "The log holds the decoded path and the caller's program, encoded as JSON.",
        near_miss=True,
        wrap=_noting(_encoded),
    ),
    Defect(
        "input.log-of-headers",
        "The log holds all headers of a request.",
        wrap=_noting(_headers),
    ),
    Defect(
        "input.log-of-bodies",
        "The log holds the bodies that could not be understood.",
        parts=_bodies(Keeps),
    ),
    Defect(
        "input.log-of-key-beginnings",
        "The log holds the first characters of the credential that a request brings.",
        near_miss=True,
        wrap=_noting(_beginnings),
    ),
)
