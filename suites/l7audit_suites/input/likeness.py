"""Whether two answers say the same, apart from what differs between any two of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from l7audit.probe.answer import Answer

_VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*|[0-9a-f]{16,}|\d+(\.\d+)?",
    re.IGNORECASE,
)


def content(answer: Answer, sent: Iterable[str] = ()) -> tuple[int, Any]:
    """Status and body with ids, times and numbers made equal, and without what was sent.

    Lists keep their length and order: how many things came, and which first, is what counts.
    """
    texts = sorted({t for s in sent if s for t in (s, quote(s), quote(s, safe=""))}, key=len)
    value = answer.json_or_none()
    return answer.status or 0, _plain(answer.text if value is None else value, texts[::-1])


def same(one: Answer, other: Answer, sent: Iterable[str] = ()) -> bool:
    """Whether two answers say the same; no answer at all, and a 429, say nothing."""
    if one.status is None or other.status is None or 429 in (one.status, other.status):
        return False
    told = tuple(sent)
    return content(one, told) == content(other, told)


def texts(value: Any) -> list[str]:
    """Every text within a JSON value, names of members left out."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [t for v in value.values() for t in texts(v)]
    return [t for v in value for t in texts(v)] if isinstance(value, list) else []


def spoken(answer: Answer) -> str:
    """All that an answer says: body and header values, with JSON's escapes undone."""
    value = answer.json_or_none()
    body = answer.text if value is None else "\n".join([*texts(value), json.dumps(value)])
    return "\n".join([body, *(v for _, v in answer.headers)])


def _plain(value: Any, sent: list[str]) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item, sent) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, sent) for item in value]
    if isinstance(value, str):
        for text in sent:
            value = value.replace(text, "")
        return _VARYING.sub("#", value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "#"
    return value
