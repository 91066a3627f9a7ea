"""Values that fit the type of a member and mean nothing: days that no calendar has, numbers that
nothing holds, choices that nobody offers. What parses them comes after what checks a body's form.
None is such that it may be stored and never be shown again (an infinite number, half a character):
who made it would get an error, could not remove it, and would have a broken list ever after. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from l7audit.target import meaning
from l7audit.target.compose import Path, put
from l7audit.target.schemas import Schema, alternative, properties, type_of
from l7audit.target.words import says, words

_BEYOND = str(2**63)
"""The first whole number that 64 bits with a sign do not hold."""

INFINITE = "1e400"
"""A number by JSON's grammar; as a floating-point one it is infinite."""

_FORMATS = {
    "date": "9999-99-99",
    "date-time": "9999-99-99T99:99:99Z",
    "time": "99:99:99",
    "uuid": "00000000-0000-4000-8000-0000deadbeef",
    "email": "l7audit@@",
    "uri": "http://[l7audit",
    "url": "http://[l7audit",
    "duration": "P9999999999Y",
}
_NAMED: tuple[tuple[tuple[str, ...], str], ...] = (
    (("date", "day", "birthday", "deadline", "until", "since", "due"), _FORMATS["date"]),
    (("time", "start", "starts", "end", "ends", "at", "from", "when"), _FORMATS["date-time"]),
    (("currency", "country", "language", "lang", "locale"), "ZZZ"),
    (("timezone", "time zone", "tz"), "Nowhere/L7audit"),
    (("id", "ref", "uuid", "sku", "code", "kind", "type", "status", "category"), "l7audit-nothing"),
)
_TOKEN = "l7audit-here-7f3b"
_DEPTH = 2


class Taken(IntEnum):
    """What becomes of a value: by its schema it can't be taken, or it is odd and no more, or it may
    break whoever reads it later on."""

    NEVER = 0
    ODD = 1
    BREAKS = 2


@dataclass(frozen=True, slots=True)
class Absurd:
    """A value for one member: the way to it, the value as JSON, and what it would do if it were
    taken."""

    path: Path
    written: str
    taken: Taken

    @property
    def label(self) -> str:
        return ".".join(str(step) for step in self.path if isinstance(step, str))

    def marked(self, body: Any) -> Any:
        """The body with a mark in place of the value."""
        return put(body, self.path, _TOKEN)

    def in_place(self, content: bytes) -> bytes:
        """What a request holds, with the value in place of the mark."""
        return content.replace(json.dumps(_TOKEN).encode(), self.written.encode())


def absurd(schema: Schema, body: Any) -> list[Absurd]:
    """One value for each member of a body, or that it may have, and what can't be taken first;
    whole numbers have two."""
    found = list(_members(schema, body, (), _DEPTH))
    return sorted(found, key=lambda a: (a.taken, a.written == _BEYOND))


def _members(schema: Schema, body: Any, above: Path, depth: int) -> Iterator[Absurd]:
    for name, part in properties(schema).items():
        here, one = (*above, name), alternative(part)
        inner = body.get(name) if isinstance(body, dict) else None
        if part.get("readOnly") is True or meaning.is_password(name, part):
            continue
        if type_of(one) == "object" and inner is not None and depth > 1:
            yield from _members(one, inner, here, depth - 1)
        elif type_of(one) == "array" and isinstance(inner, list) and inner and depth > 1:
            yield from _members(one.get("items") or {}, inner[0], (*here, 0), depth - 1)
        elif (not above or inner is not None) and type_of(one) not in {"object", "array"}:
            yield from _of(here, name, one)


def _of(path: Path, name: str, schema: Schema) -> Iterator[Absurd]:
    kind = type_of(schema)
    if {"enum", "const"} & schema.keys():
        yield Absurd(path, '"l7audit"', Taken.NEVER)
    elif kind == "integer":
        yield Absurd(path, INFINITE, Taken.NEVER)
        yield Absurd(path, _BEYOND, Taken.BREAKS)
    elif kind in {"string", ""} and not meaning.is_binary(schema):
        formed = _FORMATS.get(str(schema.get("format")))
        value = formed or _by_name(name)
        taken = Taken.NEVER if formed else Taken.ODD
        if value:
            yield Absurd(path, json.dumps(value), taken)


def _by_name(name: str) -> str | None:
    told = words(name)
    return next((value for phrases, value in _NAMED if says(told[-2:], *phrases)), None)
