"""An exchange as readers see it: request, response and a command that sends it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from l7audit.journal import Exchange
from l7audit.probe.curl import curl
from l7audit_plugins.reporters.visible import one_line

HEADERS = 60
"""The most headers shown of one message."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One exchange, as plain text of a bounded length. A short one has no request of its own:
    its command says the same."""

    id: str
    title: str
    request: str
    response: str
    curl: str

    @property
    def size(self) -> int:
        """Characters in all."""
        return len(self.title) + len(self.request) + len(self.response) + len(self.curl)


def shot(exchange: Exchange, room: int, *, short: bool = False) -> Shot:
    """The exchange in at most about `room` characters, shared by its parts."""
    part = max(200, room // (2 if short else 3))
    request = ""
    if not short:
        request = _bounded(
            [
                f"{one_line(exchange.method)[:40]} {one_line(exchange.url)[:2000]}",
                *_headers(exchange.request.headers),
                *_body(exchange.request.body, exchange.request.size),
            ],
            part,
        )
    return Shot(
        id=exchange.id,
        title=_title(exchange),
        request=request,
        response=_bounded(
            [
                _first_line(exchange),
                *_headers(exchange.response.headers),
                *_body(exchange.response.body, exchange.response.size),
            ],
            part,
        ),
        curl=_cut(curl(exchange), part),
    )


def answer(exchange: Exchange) -> str:
    """How it was answered, in two words."""
    return f"HTTP {exchange.status}" if exchange.status is not None else "no answer"


def _title(exchange: Exchange) -> str:
    identity = f" as {one_line(exchange.identity)[:80]}" if exchange.identity else ""
    told = f"{one_line(exchange.method)[:40]} {one_line(exchange.url)[:200]}"
    return f"{told}{identity}: {answer(exchange)}"


def _first_line(exchange: Exchange) -> str:
    if exchange.status is None:
        return f"No answer: {one_line(exchange.error)[:600] or 'no reason is known.'}"
    return f"{answer(exchange)} in {exchange.milliseconds:.1f} ms"


def _headers(headers: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, value in headers[:HEADERS]:
        yield f"{one_line(name)[:200]}: {one_line(value)[:1000]}"
    if len(headers) > HEADERS:
        yield f"… {len(headers) - HEADERS} more headers"


def _body(body: str, size: int) -> Iterator[str]:
    if body:
        yield ""
        yield body
    if size > len(body.encode("utf-8", "replace")):
        yield f"… a body of {size:,} bytes, of which the journal keeps the beginning"


def _bounded(lines: Sequence[str], room: int) -> str:
    return _cut("\n".join(lines), room)


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return f"{text[:room]}… {len(text) - room:,} more characters in the journal"
