"""Whether two refusals could be told apart by who reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from l7audit.probe.answer import Answer

_VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[A-Za-z0-9_-]{16,}|\d+",
    re.IGNORECASE,
)
_PASSING_HEADERS = re.compile(
    r"date|age|etag|.*request-?id|.*correlation-?id|.*trace.*|traceparent|.*rate-?limit.*"
    r"|retry-after|server-timing|.*-time|.*duration.*|via|x-cache.*|cf-ray|content-length",
    re.IGNORECASE,
)


def differences(one: Answer, other: Answer, names: Iterable[str]) -> list[str]:
    """What differs between two answers, each in a few words; ids and numbers count as the same.

    `names` are the accounts that were asked for, which an answer may repeat.
    """
    known = tuple(names)
    found: list[str] = []
    if one.status != other.status:
        found.append(f"status {one.status} and {other.status}")
    if one.media_type != other.media_type:
        found.append(f"media type {one.media_type or 'none'} and {other.media_type or 'none'}")
    if _headers(one) != _headers(other):
        odd = sorted(_headers(one) ^ _headers(other))
        found.append(f"header {', '.join(odd)} in one of them only")
    if not found and _content(one, known) != _content(other, known):
        found.append("text of the body")
    return found


def _headers(answer: Answer) -> frozenset[str]:
    return frozenset(n.lower() for n, _ in answer.headers if not _PASSING_HEADERS.fullmatch(n))


def _content(answer: Answer, names: tuple[str, ...]) -> Any:
    value = answer.json_or_none()
    return _plain(answer.text if value is None else value, names)


def _plain(value: Any, names: tuple[str, ...]) -> Any:
    """The value with everything that may vary between two requests made equal."""
    if isinstance(value, dict):
        return {key: _plain(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, names) for item in value]
    if isinstance(value, str):
        for name in sorted(names, key=len, reverse=True):
            value = value.replace(name, "<name>")
        return _VARYING.sub("#", value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "#"
    return value
