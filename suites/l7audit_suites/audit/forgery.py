"""Records and rows as somebody would falsify them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from l7audit.target.words import says, words
from l7audit_suites.audit.records import PARTS, Record

Row = dict[str, Any]

_HEX = re.compile(r"(\\x)?[0-9a-fA-F-]{8,}")
_IDS = ("id", "uuid", "seq", "sequence", "number", "ref", "no")
_FORGED = "nobody-else"


def identifier(record: Record) -> str:
    """What a record would be named by in a path: its id, or its number."""
    for phrase in _IDS:
        for name, value in record.items():
            if words(name) == (phrase,) and isinstance(value, str | int):
                return str(value)
    named = (v for n, v in record.items() if says(words(n), "id") and isinstance(v, str | int))
    return str(next(named, "1"))


def changed_copy(record: Record) -> Row:
    """The record with another actor."""
    forged = dict(record)
    for name, value in record.items():
        if says(words(name), *PARTS["who did it"]) and isinstance(value, str):
            forged[name] = _FORGED
            break
    return forged


def names_forger(record: Record) -> bool:
    """Whether a record is such a copy."""
    return any(value == _FORGED for value in record.values())


def instant(date: str) -> float | None:
    """A Date header in epoch seconds; None where it is none."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


def altered(value: Any) -> Any:
    """A value of the same kind that is not the same; None where there is none."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1_000_000
    if not isinstance(value, str):
        return None
    if re.match(r"\d{4}-\d\d-\d\dT", value):
        return f"{'2' if value[0] != '2' else '1'}{value[1:]}"
    if _HEX.fullmatch(value):
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    return f"{value}x"


def edits(rows: Sequence[Row], at: int) -> Iterator[tuple[str, list[Row]]]:
    """The rows with one column of one row changed, for each column that has a value."""
    for column, value in rows[at].items():
        if (other := altered(value)) is not None:
            yield f"a changed {column}", [*rows[:at], {**rows[at], column: other}, *rows[at + 1 :]]


def rearrangements(rows: Sequence[Row], one: int, two: int) -> Iterator[tuple[str, list[Row]]]:
    """The rows with one removed, with two exchanged, and with one that was made up."""
    yield "a removed record", [row for n, row in enumerate(rows) if n != one]
    numbers = [c for c, v in rows[one].items() if isinstance(v, int) and not isinstance(v, bool)]
    swapped = list(rows)
    swapped[one] = {**rows[two], **{c: rows[one][c] for c in numbers}}
    swapped[two] = {**rows[one], **{c: rows[two][c] for c in numbers}}
    yield "two records in each other's place", swapped
    last = {c: max(int(row[c]) for row in rows if row.get(c) is not None) for c in numbers}
    made_up: Row = {**rows[one], **{c: n + 1 for c, n in last.items()}}
    yield "an added record", [*rows, made_up]


def truths(body: Any) -> dict[str, bool]:
    """The booleans of an answer, by name."""
    return {n: v for n, v in body.items() if isinstance(v, bool)} if _is_object(body) else {}


def _is_object(body: Any) -> bool:
    return isinstance(body, Mapping)
