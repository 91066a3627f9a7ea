"""Records of an audit log, whatever their members are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from l7audit.target.words import says, words

Record = Mapping[str, Any]

PARTS: Mapping[str, tuple[str, ...]] = {
    "who did it": (
        "actor", "user", "principal", "subject", "who", "identity", "account", "initiator",
        "caller", "by", "client", "login", "username",
    ),
    "what was done": ("action", "event", "type", "operation", "activity", "verb", "kind", "method"),
    "to what": ("object", "target", "resource", "entity", "item", "path", "subject"),
    "how it ended": (
        "outcome", "result", "status", "success", "decision", "succeeded", "allowed", "severity",
    ),
}  # fmt: skip
"""The parts of a record that say who, what, to what and how, by the words of their names."""

_TIME = ("at", "time", "timestamp", "when", "date", "created", "occurred", "moment")
_EPOCH = 1_000_000_000
_FEWEST_OF_MARK = 8


def flat(record: Record, before: str = "") -> dict[str, Any]:
    """The scalar members of a record and of those within it, by dotted name; two levels."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and not before:
            found.update(flat(value, f"{name}."))
        elif not isinstance(value, Mapping | list):
            found[before + str(name)] = value
    return found


def part(record: Record, phrases: Sequence[str]) -> Any:
    """The first member that is named so and says something; None without one."""
    for name, value in flat(record).items():
        if says(words(name), *phrases) and value not in (None, ""):
            return value
    return None


def missing(record: Record) -> list[str]:
    """Which of who, what and how a record does not say. Not every deed has an object."""
    return [what for what in PARTS if what != "to what" and part(record, PARTS[what]) is None]


def moment(record: Record) -> float | None:
    """When it was, in epoch seconds; None where no member says so."""
    for name, value in flat(record).items():
        if not says(words(name), *_TIME):
            continue
        if isinstance(value, int | float) and not isinstance(value, bool) and value > _EPOCH:
            return float(value / 1000 if value > 1000 * _EPOCH else value)
        if isinstance(value, str) and (found := _parsed(value)) is not None:
            return found
    return None


def _parsed(text: str) -> float | None:
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()


def marks(headers: Iterable[tuple[str, str]], usual: Iterable[tuple[str, str]]) -> set[str]:
    """What names an answer in its fields: values that another answer does not have."""
    common = {value for _, value in usual}
    return {
        value
        for _, value in headers
        if value not in common
        and len(value) >= _FEWEST_OF_MARK
        and any(c.isdigit() for c in value)
        and not any(c.isspace() or c in ",;" for c in value)
    }


def marked(records: Iterable[Record], wanted: set[str]) -> list[Record]:
    """The records of which a member is one of these values."""
    return [r for r in records if any(value in wanted for value in flat(r).values() if value)]


def doubled(records: Sequence[Record]) -> bool:
    """Whether two records tell of the same deed: all but number, time and id are alike."""
    told = [tuple(part(r, phrases) for phrases in PARTS.values()) for r in records]
    return len(set(told)) < len(told)


def differ(one: Record, other: Record) -> bool:
    """Whether two records say of what was done, or of how it ended, different things."""
    names = (PARTS["what was done"], PARTS["how it ended"])
    mine, theirs = flat(one), flat(other)
    return any(
        mine[name] != theirs.get(name)
        for name in mine
        if any(says(words(name), *phrases) for phrases in names)
    )
