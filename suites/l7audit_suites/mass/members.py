"""Members that a caller may not set: what they mean, what else they could be, whether they are.

Pure. What may not be set is learned from answers (shown and not declared for requests, or declared
read-only) and guessed from the words that services use.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from l7audit.target import meaning
from l7audit.target.compose import Path, put
from l7audit.target.persons import PERSON
from l7audit.target.schemas import Schema, alternative, properties, type_of
from l7audit.target.words import says, words

_POWER = (
    "role", "admin", "administrator", "superuser", "staff", "permission", "privilege", "scope",
    "group", "access level", "clearance", "tier", "plan", "entitlement", "internal",
)  # fmt: skip
_STANDING = (
    "verified", "verify", "approved", "approval", "confirmed", "validated", "trusted", "status",
    "state", "active", "enabled", "disabled", "banned", "blocked", "locked", "suspended",
    "balance", "credit", "price", "amount", "paid", "discount", "quota", "score", "rating",
    "published", "featured", "preview", "beta", "revoked", "trust", "level",
    "total", "subtotal", "sum", "fee", "cost", "charge", "due", "tax", "fare", "surcharge",
    "deposit", "cent", "point",
)  # fmt: skip
_IDENTIFYING = {"id", "ref", "uuid", "by"}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MOMENT = re.compile(r"\d{4}(-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][A-Za-z_ -]*")
_LONG_AGO = "2001-02-03T04:05:06Z"
MOST_VALUES = 3


class Meaning(StrEnum):
    """What somebody gains who sets a member."""

    POWER = "power"
    OWNER = "owner"
    STANDING = "standing"
    MADE = "made"


def meaning_of(name: str) -> Meaning:
    """What a member means by its name; what has no other meaning was made by the service."""
    told = words(name)
    if told[-1:] in {("at",), ("on",), ("time",), ("date",)}:
        return Meaning.MADE
    if says(told, *meaning.TENANT) or (
        says(told, *PERSON) and (len(told) == 1 or told[-1] in _IDENTIFYING)
    ):
        return Meaning.OWNER
    if says(told, *_POWER):
        return Meaning.POWER
    return Meaning.STANDING if says(told, *_STANDING) else Meaning.MADE


@dataclass(frozen=True, slots=True)
class Wish:
    """A value for a member at a path of names, and of places in lists. `learned`: an answer showed
    the member."""

    path: Path
    value: Any
    learned: bool = True

    @property
    def name(self) -> str:
        return ".".join(str(step) for step in self.path if isinstance(step, str))

    @property
    def meaning(self) -> Meaning:
        return meaning_of(self.last)

    @property
    def last(self) -> str:
        """The member's own name."""
        return str(self.path[-1])

    def into(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body with this in it; what stands beside it within a nested object stays."""
        changed: dict[str, Any] = put(body, self.path, self.value)
        return changed

    def granted(self, shown: Any, before: Any) -> bool:
        """Whether a thing shows this value, and showed another (or none) without it."""
        return same(at(shown, self.path), self.value) and not same(
            at(before, self.path), self.value
        )


class Absent:
    """The type of `ABSENT`."""


ABSENT = Absent()


def at(thing: Any, path: Path) -> Any:
    """What stands at a path; `ABSENT` where nothing does."""
    for step in path:
        listed = isinstance(thing, list) and isinstance(step, int) and step < len(thing)
        if not listed and not (isinstance(thing, dict) and step in thing):
            return ABSENT
        thing = thing[step]
    return thing


def same(one: Any, other: Any) -> bool:
    """Whether two values say the same: moments in any zone, ids in any case, numbers as text."""
    if one is ABSENT or other is ABSENT:
        return False
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, str | int | float) and isinstance(other, str | int | float):
        first, second = str(one).strip().lower(), str(other).strip().lower()
        moments = _moment(first), _moment(second)
        return first == second or (None not in moments and moments[0] == moments[1])
    return bool(one == other)


def _moment(text: str) -> datetime | None:
    if _MOMENT.fullmatch(text) is None or len(text) < 16:
        return None
    try:
        return datetime.fromisoformat(text.replace("z", "+00:00"))
    except (ValueError, TypeError):
        return None


def subject(body: Any, *marks: str) -> dict[str, Any]:
    """The innermost object of an answer that shows one of these texts in a member of its own;
    empty where none does."""
    found: dict[str, Any] = {}
    level = [body]
    for _ in range(4):
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                if any(isinstance(v, str) and m in v for v in node.values() for m in marks if m):
                    found = found or node
                below += node.values()
            elif isinstance(node, list):
                below += node[:200]
        level = below
    return found


def closed(
    shown: Mapping[str, Any], takes: Schema, gives: Schema
) -> Iterator[tuple[Path, Any, Schema]]:
    """Members that an answer shows and a request may not set, with value and schema; within
    nested objects and the first of several parts, too."""
    declared, answered = properties(takes), properties(gives)
    for name, value in shown.items():
        part = declared.get(name)
        if part is None or part.get("readOnly") is True:
            if isinstance(value, dict):
                yield from (
                    ((name, n), v, properties(answered.get(name, {})).get(n, {}))
                    for n, v in value.items()
                    if not isinstance(v, dict)
                )
            else:
                yield (name,), value, answered.get(name, {})
        elif isinstance(value, dict) and properties(part):
            for path, inner, schema in closed(value, part, answered.get(name, {})):
                yield (name, *path), inner, schema
        elif isinstance(value, list) and properties(_one(part)):
            first = value[0] if value and isinstance(value[0], dict) else {}
            for path, inner, schema in closed(first, _one(part), _one(answered.get(name, {}))):
                yield (name, 0, *path), inner, schema


def _one(schema: Schema) -> Schema:
    """The schema of one of several."""
    items = alternative(schema).get("items")
    return items if isinstance(items, dict) else {}


def open_ended(schema: Schema) -> bool:
    """Whether a schema says that an object takes members of any name."""
    more = alternative(schema).get("additionalProperties")
    return more is True or (isinstance(more, dict) and bool(more))


def others(value: Any, schema: Schema, seen: Iterable[Any], fresh: uuid.UUID) -> list[Any]:
    """Values of the same form that the service could take for its own; `seen` are those that
    other things have, `fresh` is for an id that nothing has."""
    schema = alternative(schema)
    found = [v for v in schema.get("enum") or [] if v is not None]
    if isinstance(value, bool) or (value is None and type_of(schema) == "boolean"):
        found.append(not value)
    elif isinstance(value, int | float):
        found.append(value + 7)
    elif isinstance(value, str):
        found += [v for v in seen if type(v) is type(value)]
        found.append(_otherwise(value, fresh))
    elif value is None:
        found += {"date-time": [_LONG_AGO], "uuid": [str(fresh)]}.get(schema.get("format", ""), [])
    elif isinstance(value, list) and type_of(schema.get("items") or {}) in {"string", ""}:
        found.append(["l7audit"])
    return list(_once(v for v in found if not same(v, value)))[:MOST_VALUES]


def _otherwise(text: str, fresh: uuid.UUID) -> str:
    """Another text of the same form."""
    if _UUID.fullmatch(text):
        return str(fresh)
    if moment := _MOMENT.fullmatch(text):
        return f"2001{moment.group(1)}"
    if text.isdecimal():
        return str(int(text) + 7)
    if len(text) >= 16 and re.fullmatch(r"[0-9a-fA-F]+", text):
        return (fresh.hex * (len(text) // 32 + 1))[: len(text)]
    return f"l7audit-{text}"[:60] if _WORD.match(text) or text else "l7audit"


def _once(values: Iterable[Any]) -> Iterator[Any]:
    told: list[Any] = []
    for value in values:
        if not any(same(value, v) for v in told):
            told.append(value)
            yield value
