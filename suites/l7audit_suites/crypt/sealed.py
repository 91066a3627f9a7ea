"""Which columns of a row hold what was sealed, told without knowing how. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from l7audit_suites.crypt.forms import texts

_SHORTEST = 24
"""Characters: a nonce and a tag alone come to more."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


def opaque(rows: Sequence[Mapping[str, Any]], shown: Iterable[str]) -> list[str]:
    """Columns whose values are long, without a blank, of each row alone, and in no answer that was
    `shown` to a caller. Needs two rows or more."""
    told = "\n".join(shown)
    return [
        name
        for name, _ in texts(rows[0])
        if all(_hidden(row.get(name), told) for row in rows)
        and len({row[name] for row in rows}) == len(rows)
    ]


def _hidden(value: Any, told: str) -> bool:
    return (
        isinstance(value, str)
        and len(value) >= _SHORTEST
        and not re.search(r"\s", value)
        and not _UUID.fullmatch(value)
        and not _MOMENT.match(value)
        and value not in told
    )


def stays(
    before: Iterable[Mapping[str, Any]],
    after: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
) -> int:
    """How many rows hold the very same in all of these columns as rows did before."""
    held = {tuple(row.get(name) for name in columns) for row in before}
    now = {tuple(row.get(name) for name in columns) for row in after}
    return sum(1 for values in held & now if any(values))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What a row held before where it is another now; moments are let be."""
    return {
        name: value
        for name, value in before.items()
        if after.get(name) != value and not (isinstance(value, str) and _MOMENT.match(value))
    }
