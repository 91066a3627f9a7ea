"""The HTTP/1.1 protocol of the server, with header fields that were checked once and remembered.

uvicorn checks name and value of every field of every answer by two regular expressions. Most of
the fields that this service sends are the same on all answers, and checking them again took 10 of
the 65 us that a request costs without the network. Here the checked line of a field is remembered;
whatever is out of the ordinary goes uvicorn's own way, so that the bytes are the same in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application, ASGISendEvent

Header = tuple[bytes, bytes]

_NAME = re.compile(rb"[a-z0-9!#$%&'*+.^_`|~-]+")
_UNFIT_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
# What these say decides how the answer is framed: that stays in one place, uvicorn.
_FRAMING = frozenset({b"connection", b"transfer-encoding"})
_MOST_REMEMBERED = 2048

# Their values hardly ever occur twice: not worth remembering.
_EVER_NEW = frozenset({b"x-request-id", b"ratelimit"})

_lines: dict[Header, bytes] = {}


def _line(header: Header) -> bytes | None:
    """The checked line of a field, remembered; None for one that uvicorn has to judge."""
    name, value = header
    if _UNFIT_VALUE.search(value):
        return None
    if name in _EVER_NEW:
        return b"%b: %b\r\n" % header
    if name in _FRAMING or not _NAME.fullmatch(name):
        return None
    if len(_lines) >= _MOST_REMEMBERED:
        _lines.clear()
    line = _lines[header] = b"%b: %b\r\n" % header
    return line


def head(status: int, fixed: Iterable[Header], given: Iterable[Header]) -> tuple[bytes, int] | None:
    """Status line and header fields of an answer with a body of known length, and that length.

    None where anything is out of the ordinary.
    """
    length: int | None = None
    content = [STATUS_LINE[status]]
    known = _lines.get
    for header in (*fixed, *given):
        line = known(header)
        if line is None:
            line = _line(header)
            if line is None:
                return None
        content.append(line)
        if header[0] == b"content-length":
            if length is not None or not header[1].isdigit():
                return None
            length = int(header[1])
    if length is None:
        return None
    content.append(b"\r\n")
    return b"".join(content), length


class QuickCycle(RequestResponseCycle):
    """One request and its answer."""

    async def send(self, message: ASGISendEvent) -> None:
        if (
            message["type"] == "http.response.start"
            and not self.response_started
            and not self.disconnected
            and not self.access_log
            and not self.flow.write_paused
            and self.keep_alive
        ):
            try:
                ready = head(message["status"], self.default_headers, message.get("headers", ()))
            except TypeError:
                ready = None  # fields as lists, which ASGI allows
            if ready is not None:
                self.response_started = True
                self.waiting_for_100_continue = False
                self.chunked_encoding = False
                data, self.expected_content_length = ready
                self.transport.write(data)
                return
        await super().send(message)


class QuickProtocol(HttpToolsProtocol):
    """One connection."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        # uvicorn names the class of its cycles in the midst of parsing; they hold the same fields.
        cycle.__class__ = QuickCycle
        super()._start_asgi_task(cycle, app)
