"""The rate-limit fields of an answer, read as the standards define them. Pure.

`RateLimit-Policy` and `RateLimit` are structured fields (RFC 9651) of an IETF draft. An unreadable
field is None, as an absent one is: absence of a draft's field is information and never a failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import http_sf

from l7audit.probe.answer import Headers


@dataclass(frozen=True, slots=True)
class Policy:
    """One announced policy: `quota` requests in `window` seconds (None: not said)."""

    name: str
    quota: int
    window: int | None


@dataclass(frozen=True, slots=True)
class Limit:
    """What is left of a policy: `remaining` requests, and seconds until more."""

    name: str
    remaining: int
    reset: int | None


def policies(headers: Headers) -> list[Policy]:
    """The announced policies, in the field's order."""
    return [
        Policy(name, found["q"], found.get("w"))
        for name, found in _members(headers, "RateLimit-Policy")
        if "q" in found
    ]


def limits(headers: Headers) -> list[Limit]:
    """What is left of each policy, in the field's order."""
    return [
        Limit(name, found["r"], found.get("t"))
        for name, found in _members(headers, "RateLimit")
        if "r" in found
    ]


def _members(headers: Headers, field: str) -> list[tuple[str, dict[str, int]]]:
    """The field's members with their whole-number parameters; nothing where it can't be parsed."""
    lines = headers.get_all(field)
    try:
        # The package's own type of a parsed list is a union that fits nowhere.
        members: Any = http_sf.parse(", ".join(lines).encode("latin-1"), tltype="list")
    except (http_sf.StructuredFieldError, UnicodeEncodeError, RecursionError):
        return []
    return [
        (str(name), {k: v for k, v in parameters.items() if type(v) is int and v >= 0})
        for name, parameters in members
        if isinstance(name, str | http_sf.Token)
    ]
