"""Which members of a body are amounts, and what amounts make no sense. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from l7audit.target import quantities
from l7audit.target.compose import Path, put
from l7audit.target.operation import Operation
from l7audit.target.schemas import Schema, alternative, properties, required, type_of
from l7audit.target.words import says, words
from l7audit_suites.flow.standing import THING, as_number

BEYOND = 2**63
"""The first whole number that 64 bits with a sign do not hold."""

_DEPTH = 3
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Amount:
    """A member of a body that says how much: where it stands, and its schema."""

    path: Path
    schema: Schema

    @property
    def name(self) -> str:
        return str(self.path[-1])

    @property
    def label(self) -> str:
        return ".".join(str(step) for step in self.path if isinstance(step, str))

    @property
    def whole(self) -> bool:
        return type_of(self.schema) == "integer"

    def plain(self) -> int:
        """The least sensible amount: one, or what the schema asks for."""
        schema = alternative(self.schema)
        least, above = _number(schema.get("minimum")), _number(schema.get("exclusiveMinimum"))
        return max(1, math.ceil(least or 1), math.floor(above or 0) + 1)

    def most(self) -> float | None:
        """What the schema allows at most, if it says so."""
        return _number(alternative(self.schema).get("maximum"))

    def into(self, body: Any, value: float | int) -> Any:
        """The body with this amount."""
        written: Any = str(value) if type_of(self.schema) == "string" else value
        return put(body, self.path, written)

    def senseless(self, plain: int) -> Iterator[tuple[str, float | int]]:
        """Amounts that nobody can mean, by what they are."""
        # Of a limit -1 often says that there is none.
        yield "less than nothing", -plain - says(words(self.name), "limit", "quota")
        if self.more_than_nothing:
            yield "nothing", 0
        yield "a part of a unit", plain + (0.5 if self.whole else 0.005)
        yield "more than numbers hold", BEYOND

    @property
    def more_than_nothing(self) -> bool:
        """Whether the schema itself asks for more than nothing."""
        schema = alternative(self.schema)
        least, above = _number(schema.get("minimum")), _number(schema.get("exclusiveMinimum"))
        return (least or 0) > 0 or (above is not None and above >= 0)


def _number(value: Any) -> float | None:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain else None


def amounts(schema: Schema, body: Any, *, ordered: bool = False) -> list[Amount]:
    """The amounts of a made-up body; in a list only those of its first item. Where something is
    made or `ordered`, what has to say how many there shall be, too."""
    return list(_amounts(schema, body, (), ordered, _DEPTH))


def taken(operation: Operation, body: Any) -> list[Amount]:
    """The amounts that an operation takes; first those whose own names say so."""
    found = amounts(operation.body_schema, body, ordered=operation.method == "POST")
    return sorted(found, key=lambda a: not quantities.is_amount(a.name, a.schema))


def _amounts(schema: Schema, body: Any, above: Path, ordered: bool, depth: int) -> Iterator[Amount]:
    needed = required(schema) if ordered else []
    if depth <= 0:
        return
    for name, part in properties(schema).items():
        here = (*above, name)
        if part.get("readOnly") is True:
            continue
        inner = body.get(name) if isinstance(body, dict) else None
        if type_of(part) == "object":
            yield from _amounts(part, inner, here, ordered, depth - 1)
        elif type_of(part) == "array" and isinstance(inner, list) and inner:
            items = part.get("items")
            if isinstance(items, dict):
                yield from _amounts(items, inner[0], (*here, 0), ordered, depth - 1)
        elif quantities.is_amount(name, part) or (
            name in needed and quantities.counts_things(name, part)
        ):
            yield Amount(here, part)


def shown(thing: Any, name: str) -> list[float]:
    """What a thing shows under the name of an amount, at any depth."""
    found: list[float] = []
    level = [thing]
    for _ in range(_DEPTH + 1):
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                number = as_number(node.get(name))
                found += [] if number is None else [number]
                below += node.values()
            elif isinstance(node, list):
                below += node[:50]
        level = below
    return found


def kept(values: Sequence[float], sent: float | int) -> bool:
    """Whether what was sent is what a thing shows; of what no number holds, whether it became
    less than nothing."""
    if sent == BEYOND:
        return any(v < 0 for v in values)
    return any(v == sent for v in values)


def unequal(plain: Mapping[str, float], odd: Mapping[str, float]) -> bool:
    """Whether what one loses and another gains, which a sensible amount makes the same, differs."""
    people = {k: v for k, v in plain.items() if not k.startswith(THING)}
    lost = [k for k, v in people.items() if v < 0]
    pairs = [(a, b) for a in lost for b, v in people.items() if v == -plain[a]]
    return any(abs(odd.get(a, 0.0) + odd.get(b, 0.0)) > _ROUNDING for a, b in pairs)


def turned(plain: Mapping[str, float], odd: Mapping[str, float]) -> list[str]:
    """What moved the other way than it does with a sensible amount."""
    return [k for k, v in plain.items() if v * odd.get(k, 0.0) < 0]
