"""How a request is read: strict JSON bodies, query numbers and cursors."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

MOST_ROWS = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def _no(name: str) -> HTTPException:
    return HTTPException(422, f"The value of {name} does not fit.")


def text(value: object, name: str, most: int = 120) -> str:
    """One line of 1 to `most` characters."""
    if not isinstance(value, str) or not 0 < len(value) <= most or _CONTROL.search(value):
        raise _no(name)
    return value


def whole(value: object, name: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _no(name)
    return value


async def members(request: Request, needed: set[str], allowed: set[str]) -> dict[str, Any]:
    """The JSON object of a request that has all `needed` members and none beyond `allowed`."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise HTTPException(415, "Send application/json.")
    try:
        body = json.loads(await request.body(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "That is not JSON.") from error
    if not isinstance(body, dict) or not needed <= body.keys():
        raise HTTPException(422, f"These members are needed: {', '.join(sorted(needed))}.")
    if not body.keys() <= allowed | needed:
        raise HTTPException(422, "There are members that nobody asked for.")
    return body


def _refuse(constant: str) -> None:
    raise ValueError(constant)


async def form(request: Request) -> dict[str, str]:
    """The fields of a form, each given once."""
    kind = request.headers.get("content-type", "").split(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Send application/x-www-form-urlencoded.")
    try:
        pairs = parse_qsl((await request.body()).decode(), errors="strict", max_num_fields=20)
    except ValueError as error:
        raise HTTPException(400, "That is not a form.") from error
    if len(pairs) != len(dict(pairs)):
        raise HTTPException(400, "A field is given twice.")
    return dict(pairs)


def number(request: Request, name: str, default: int, least: int, most: int) -> int:
    """A whole number of the query."""
    given = request.query_params.get(name)
    if given is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", given, re.ASCII):
        raise _no(name)
    return whole(int(given), name, least, most)


def cursor(given: str) -> int:
    """The row after which a page begins; an unreadable cursor is refused."""
    try:
        return whole(int(base64.urlsafe_b64decode(given.encode())), "cursor", 0, 2**53)
    except ValueError as error:
        raise _no("cursor") from error


def as_cursor(row: int) -> str:
    return base64.urlsafe_b64encode(str(row).encode()).decode()
