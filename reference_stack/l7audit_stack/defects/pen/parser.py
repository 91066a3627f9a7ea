"""A parser of one's own in front of the real one, as proxies and gateways have been written.

It looks at the first request of each connection. Where it has something to mend it hands on the
request as it understands it; else, and for the rest of the connection, the bytes as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from l7audit_stack.api.http_protocol import QuickProtocol
from l7audit_stack.defects.defect import ASGIApp

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

Fields = list[tuple[bytes, bytes]]
Mend = Callable[[bytes, Fields], Fields | None]
"""Method and fields in; the fields as they are understood, or None where nothing is mended."""
Cut = Callable[[Fields, bytes], tuple[bytes, bytes] | None]
"""Fields and what stands behind them in; the body and the rest, or None while there is too
little."""


def by_length(fields: Fields, data: bytes) -> tuple[bytes, bytes] | None:
    """The body by its length."""
    length = int(next((v for n, v in fields if n.lower() == b"content-length"), b"0"))
    return None if len(data) < length else (data[:length], data[length:])


@dataclass(frozen=True)
class WithProtocol:
    """An app that brings the protocol it is served by."""

    app: ASGIApp
    parts: Parts
    http_protocol: type[QuickProtocol]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def parsed(mend: Mend, cut: Cut = by_length) -> Callable[[ASGIApp, Parts], ASGIApp]:
    """A wrapper that puts such a parser in front."""

    class Parser(QuickProtocol):
        held: bytes | None = b""

        def data_received(self, data: bytes) -> None:
            if self.held is None:
                super().data_received(data)
                return
            self.held += data
            head, end, behind = self.held.partition(b"\r\n\r\n")
            if not end:
                return
            first, *lines = head.split(b"\r\n")
            fields = [(n, v.strip()) for n, _, v in (line.partition(b":") for line in lines)]
            mended = mend(first.split(b" ")[0], fields)
            if mended is None:
                whole = self.held
            else:
                found = cut(mended, behind)
                if found is None:
                    return
                body, rest = found
                framing = (b"content-length", b"transfer-encoding")
                kept = [(n, v) for n, v in mended if n.strip().lower() not in framing]
                kept.append((b"content-length", b"%d" % len(body)))
                shown = b"\r\n".join((first, *(b"%b: %b" % field for field in kept)))
                whole = shown + b"\r\n\r\n" + body + rest
            self.held = None
            super().data_received(whole)

    def wrap(app: ASGIApp, parts: Parts) -> ASGIApp:
        return WithProtocol(app, parts, Parser)

    return wrap
