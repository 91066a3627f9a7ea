"""Bounds that are missing, or held at the wrong moment."""

from __future__ import annotations

import dataclasses
import json
import re
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from l7audit_stack.api.operation import Input
from l7audit_stack.api.security.bodies import BodyReader, Receive
from l7audit_stack.defects.answers import Asked, Told, wholes
from l7audit_stack.defects.authn.around import body_of, replayed
from l7audit_stack.defects.defect import ASGIApp, Defect
from l7audit_stack.defects.edge import connection_manager

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_GZIP_OR_ZLIB = 47


def _unbounded_heads(bootstrap: dict[str, Any]) -> dict[str, Any]:
    manager = connection_manager(bootstrap)
    manager["max_request_headers_kb"] = 8192
    manager["common_http_protocol_options"]["max_headers_count"] = 100_000
    return bootstrap


def _reader(kind: type[BodyReader], **changes: Any) -> Any:
    """Bodies read by another reader, or within other bounds."""

    def swap(parts: Parts) -> Parts:
        own = {f.name: getattr(parts.bodies, f.name) for f in dataclasses.fields(parts.bodies)}
        return dataclasses.replace(parts, bodies=kind(**{**own, **changes}))

    return swap


class AsItComes(BodyReader):
    """Decodes first; what the decoder raises beside the errors of syntax is caught by nobody."""

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        value = json.loads(raw)
        return super().json(json.dumps(value).encode(), shape)


class Unfolds(BodyReader):
    """Takes coded bodies; their bound is that of what was sent."""

    def check_media_type(self, headers: Mapping[str, str], allowed: tuple[str, ...]) -> None:
        plain = {n: v for n, v in headers.items() if n != "content-encoding"}
        super().check_media_type(plain, allowed)

    async def receive(self, headers: Mapping[str, str], receive: Receive, most: int) -> bytes:
        raw = await super().receive(headers, receive, most)
        if headers.get("content-encoding", "identity") == "identity":
            return raw
        return self.unfolded(raw, most)

    def unfolded(self, raw: bytes, most: int) -> bytes:
        return zlib.decompress(raw, _GZIP_OR_ZLIB)


class UnfoldsToTheBound(Unfolds):
    """Takes coded bodies, up to the bound of bodies."""

    def unfolded(self, raw: bytes, most: int) -> bytes:
        expander = zlib.decompressobj(_GZIP_OR_ZLIB)
        plain = expander.decompress(raw, most + 1)
        if len(plain) > most:
            raise self.too_large(most)
        return plain


class UnfoldsAgain(Unfolds):
    """Takes bodies that were coded once up to the bound, and unfolds others layer by layer."""

    async def receive(self, headers: Mapping[str, str], receive: Receive, most: int) -> bytes:
        raw = await BodyReader.receive(self, headers, receive, most)
        for coding in headers.get("content-encoding", "identity").split(","):
            last = coding == headers.get("content-encoding")
            if coding.strip() != "identity":
                raw = self._bounded(raw, most) if last else zlib.decompress(raw, _GZIP_OR_ZLIB)
        return raw

    def _bounded(self, raw: bytes, most: int) -> bytes:
        plain = zlib.decompressobj(_GZIP_OR_ZLIB).decompress(raw, most + 1)
        if len(plain) > most:
            raise self.too_large(most)
        return plain


_CUT_BYTES = 64 * 1024
"""The longest body that the impatient one reads."""

_DEEP = 1_000


def _cuts(breaks: Callable[[bytes], bool]) -> Callable[[ASGIApp, Parts], ASGIApp]:
    """Begins to answer as soon as a body is there; the connection breaks where reading it does."""

    def wrap(app: ASGIApp, _: Parts) -> ASGIApp:
        async def around(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or scope["method"] != "POST":
                await app(scope, receive, send)
                return
            body = await body_of(receive)
            if not breaks(body):
                await app(scope, replayed(body, receive), send)
                return
            headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})

        return around

    return wrap


def _closes_at_once(bootstrap: dict[str, Any]) -> dict[str, Any]:
    """Lets the edge break off without the second that it gives clients to read what was sent."""
    manager = connection_manager(bootstrap)
    manager["delayed_close_timeout"] = "0s"
    return bootstrap


_RANGE = re.compile(r"(\d+)-(\d*)")


def _ranged(most: int) -> Any:
    """Ranges of whole answers, up to so many; more are overlooked."""

    def edit(request: Asked, told: Told, _: Parts) -> Told:
        asked = _RANGE.findall(request.headers.get("range", ""))
        if request.method != "GET" or told.status != 200 or not 0 < len(asked) <= most:
            return told
        size = len(told.body)
        spans = [(int(a), min(size, int(b or size) + 1)) for a, b in asked if int(a) < size]
        pieces = [
            b"--part\r\nContent-Range: bytes %d-%d/%d\r\n\r\n%b\r\n"
            % (a, b - 1, size, told.body[a:b])
            for a, b in spans
        ]
        return dataclasses.replace(told, status=206, body=b"".join(pieces))

    return wholes(edit)


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="pen.heads-unbounded",
        summary="The edge's bounds of request heads were raised as far as they go.",
        edge=_unbounded_heads,
    ),
    Defect(
        name="pen.bodies-unbounded",
        summary="The service bounds no body; the edge's bound for uploads is the only one.",
        parts=_reader(BodyReader, max_bytes=1 << 30),
    ),
    Defect(
        name="pen.json-as-it-comes",
        summary="JSON is decoded before its depth is looked at.",
        parts=_reader(AsItComes),
    ),
    Defect(
        name="pen.deep-json-ends-the-connection",
        summary="Whoever reads JSON that is deep dies of it, and takes the connection along.",
        wrap=_cuts(lambda body: max(body.count(b"["), body.count(b"{")) > _DEEP),
        edge=_closes_at_once,
    ),
    Defect(
        name="pen.long-bodies-end-the-connection",
        summary="The connection ends where a body is longer than is read, whatever is in it.",
        near_miss=True,
        wrap=_cuts(lambda body: len(body) > _CUT_BYTES),
        edge=_closes_at_once,
    ),
    Defect(
        name="pen.unfolds-without-bound",
        summary="Coded bodies are unfolded whole; only what was sent is bounded.",
        parts=_reader(Unfolds),
    ),
    Defect(
        name="pen.unfolds-layer-by-layer",
        summary="A body that was coded twice is unfolded twice, and bounded never.",
        parts=_reader(UnfoldsAgain),
    ),
    Defect(
        name="pen.unfolds-to-the-bound",
        summary="Coded bodies are unfolded up to the bound of bodies.",
        near_miss=True,
        parts=_reader(UnfoldsToTheBound),
    ),
    Defect(
        name="pen.every-range-answered",
        summary="Every range that is asked for is answered, however often.",
        wrap=_ranged(10_000),
    ),
    Defect(
        name="pen.one-range-answered",
        summary="A single range is answered; several are overlooked.",
        near_miss=True,
        wrap=_ranged(1),
    ),
)
