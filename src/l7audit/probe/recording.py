"""An exchange as the journal keeps it: redacted, and cut to what a reader can use."""

from __future__ import annotations

from l7audit.journal import Exchange, Message
from l7audit.probe.redact import Redactor
from l7audit.probe.request import Pairs, Request
from l7audit.probe.scope import Origin
from l7audit.probe.wire import Reply

BODY_SHOWN = 8 * 1024
"""Characters of a body that the journal keeps."""

_MARGIN = 12 * 1024
"""Characters beyond those that are looked at: a secret that begins before the cut and ends after
it must be seen whole. Private keys, percent-encoded, are the longest."""


def recorded(
    redactor: Redactor,
    exchange: str,
    check: str,
    origin: Origin,
    request: Request,
    reply: Reply,
    identity: str = "",
    raw: bytes | None = None,
) -> Exchange:
    """The journal's record of one request and its reply; `raw` bytes stand for the request."""
    asked = _message(redactor, request.headers, request.content)
    if raw is not None:
        asked = Message(body=shown(redactor, raw, "latin-1"), size=len(raw))
    return Exchange(
        id=exchange,
        check=check,
        method=redactor.text(request.method),
        url=f"{origin}{redactor.text(request.path)}",
        request=asked,
        status=reply.status,
        response=_message(redactor, reply.headers, reply.body),
        milliseconds=round((reply.ended - reply.started) * 1000.0, 3),
        identity=identity,
        error=redactor.text(reply.error) if reply.error else "",
        raw=raw is not None,
    )


def _message(redactor: Redactor, headers: Pairs, body: bytes) -> Message:
    return Message(headers=redactor.headers(headers), body=shown(redactor, body), size=len(body))


def shown(redactor: Redactor, body: bytes, encoding: str = "utf-8") -> str:
    """A body's beginning as redacted text; a binary one is only named by its size."""
    if not body:
        return ""
    looked_at = BODY_SHOWN + _MARGIN
    piece = body[:looked_at]
    if b"\0" in piece and encoding == "utf-8":
        return f"[{len(body)} bytes that are no text]"
    text = redactor.text(piece.decode(encoding, "replace"))
    if len(body) > looked_at:  # the end of the piece may hold the first half of a secret
        text = text[: max(0, len(text) - _MARGIN)]
    return text[:BODY_SHOWN]
