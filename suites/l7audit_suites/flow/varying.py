"""Bodies that ask for another slot, seat or name each time: texts of their own, other days, other
numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from l7audit.target import quantities
from l7audit.target.compose import Path, put
from l7audit.target.schemas import Schema, alternative, properties, type_of

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_DEPTH = 3
_TEXTS = {"enum", "const", "pattern", "format"}


def varied(schema: Schema, body: Any, number: int, word: str, fixed: Collection[Path] = ()) -> Any:
    """The body for the `number`th try: days move on by so many weeks, plain numbers by so many,
    and free texts get the word, if there is one; amounts, choices and what is `fixed` stay."""
    leaves = [leaf for leaf in _leaves(schema, body, (), _DEPTH) if leaf[0] not in fixed]
    for path, part, value in leaves:
        changed = _changed(str(path[-1]), alternative(part), value, number, word)
        if changed is not None:
            body = put(body, path, changed)
    return body


def _changed(name: str, schema: Schema, value: Any, number: int, word: str) -> Any:
    """Another value of the same kind; None where it should stay."""
    if isinstance(value, str):
        if (moved := _later(value, number)) is not None:
            return moved
        longest = schema.get("maxLength")
        fits = bool(word) and (not isinstance(longest, int) or longest >= len(word))
        return word if fits and not _TEXTS & schema.keys() and type_of(schema) == "string" else None
    plain = isinstance(value, int) and not isinstance(value, bool)
    if not plain or quantities.is_amount(name, schema) or schema.get("enum"):
        return None
    most = schema.get("maximum")
    return value + number if not isinstance(most, int | float) or value + number <= most else None


def _later(text: str, weeks: int) -> str | None:
    """A day or moment as many weeks later, written in the same way; None where it is neither."""
    step = timedelta(weeks=weeks)
    try:
        if _DAY.fullmatch(text):
            return (date.fromisoformat(text) + step).isoformat()
        if _MOMENT.fullmatch(text):
            day = datetime.fromisoformat(text[:10]) + step
            return day.date().isoformat() + text[10:]
    except (ValueError, OverflowError):
        return None
    return None


def _leaves(
    schema: Schema, body: Any, above: Path, depth: int
) -> Iterator[tuple[Path, Schema, Any]]:
    if depth <= 0 or not isinstance(body, dict):
        return
    for name, part in properties(schema).items():
        if name not in body or part.get("readOnly") is True:
            continue
        here, inner = (*above, name), body[name]
        if type_of(part) == "object":
            yield from _leaves(part, inner, here, depth - 1)
        elif isinstance(inner, list) and inner and isinstance(part.get("items"), dict):
            yield from _leaves(part["items"], inner[0], (*here, 0), depth - 1)
        else:
            yield here, part, inner
