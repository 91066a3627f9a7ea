"""How requests are read, and how the garage says no (RFC 9457)."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
PLATE = re.compile(r"[A-Z]{1,3}-[A-Z]{1,2}-[1-9][0-9]{0,3}", re.ASCII)


class RefusedError(Exception):
    """An answer that ends the handling of a request."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> web.Response:
    told = {"type": "about:blank", "status": status, "detail": detail}
    return web.json_response(
        told, status=status, headers=headers, content_type="application/problem+json"
    )


def misfit(name: str) -> RefusedError:
    return RefusedError(422, f"The value of {name} does not fit.")


def text(value: object, name: str, most: int = 120) -> str:
    """One line of 1 to `most` characters."""
    if not isinstance(value, str) or not 0 < len(value) <= most or _CONTROL.search(value):
        raise misfit(name)
    return value


def whole(value: object, name: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise misfit(name)
    return value


def plate(value: object) -> str:
    if not isinstance(value, str) or not PLATE.fullmatch(value):
        raise RefusedError(422, "A plate is written like HH-AB-123.")
    return value


async def members(request: web.Request, needed: set[str], more: set[str]) -> dict[str, Any]:
    """The JSON object of a request: all `needed` members, and none beyond those and `more`."""
    if request.content_type != "application/json":
        raise RefusedError(415, "Send application/json.")
    try:
        body = json.loads(await request.read(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, "That is not JSON.") from error
    if not isinstance(body, dict) or not needed <= body.keys() <= needed | more:
        raise RefusedError(422, "The members are not those that are asked for.")
    return body


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def limit(request: web.Request) -> int:
    given = request.query.get("limit", "20")
    if not re.fullmatch(r"[0-9]{1,4}", given, re.ASCII):
        raise misfit("limit")
    return whole(int(given), "limit", 1, 100)


def page(request: web.Request, names: list[str]) -> tuple[list[str], str | None]:
    """The names of one page and the cursor of the next: the last name that was shown."""
    most, after = limit(request), request.query.get("after", "")
    following = sorted(name for name in names if name > after)
    shown = following[:most]
    return shown, shown[-1] if len(following) > most else None


class Limit:
    """At most `most` takes a key within `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._taken: dict[str, list[float]] = {}

    def check(self, key: str) -> None:
        """Refuses with 429 while the key has no take left."""
        now = time.monotonic()
        kept = [at for at in self._taken.get(key, []) if at > now - self._seconds]
        self._taken[key] = kept
        if len(kept) >= self._most:
            wait = math.ceil(kept[0] + self._seconds - now) or 1
            raise RefusedError(429, "You ask too often.", {"Retry-After": str(wait)})

    def take(self, key: str) -> None:
        """Takes one, or refuses."""
        self.check(key)
        self.note(key)

    def note(self, key: str) -> None:
        self._taken.setdefault(key, []).append(time.monotonic())
