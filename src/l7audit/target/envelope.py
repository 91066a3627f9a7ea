"""Bodies whose members stand within another object, as `data.attributes` of JSON:API or `article`
of `/articles`: a caller fills the members, and the envelope goes around them on the wire."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from l7audit.probe.resources import ATTRIBUTES, is_resource
from l7audit.target.compose import DEPTH, compose
from l7audit.target.schemas import Schema, properties, required, type_of
from l7audit.target.words import Words, all_words, words

_MOST = 3
_WRAPPERS = {"data", "payload", "attributes", "input", "item", "resource", "record", "entity"}


@dataclass(frozen=True, slots=True)
class Envelope:
    """`levels` are from the outside: the member that holds the rest, and what stands beside it."""

    levels: tuple[tuple[str, Schema], ...]

    def around(self, value: Any, choice: random.Random, identifier: str = "") -> Any:
        """The whole body. `identifier` is the id of the thing that is changed, where one is."""
        for member, beside in reversed(self.levels):
            # Not outermost, so that nothing is made up that is not required.
            others = compose(beside, choice, DEPTH - 1)
            others = others if isinstance(others, dict) else {}
            if identifier and "id" in properties(beside):
                others["id"] = identifier
            value = {**others, member: value}
        return value


def opened(
    bodies: Mapping[str, Schema], names: Iterable[str]
) -> tuple[dict[str, Schema], Envelope | None]:
    """The schemas of what stands within the envelope of JSON bodies, by media type, and that
    envelope; the bodies themselves where they have none, or not all the same. `names` are those
    that tell what the operation is about."""
    nouns = {words(name) for name in names} | {(noun,) for noun in all_words(names)}
    found = {media: _opened(schema, nouns) for media, schema in bodies.items()}
    around = [envelope for _, envelope in found.values()]
    alike = {tuple(n for n, _ in e.levels) if e is not None else () for e in around}
    if len(alike) != 1 or around[0] is None:
        return dict(bodies), None
    return {media: schema for media, (schema, _) in found.items()}, around[0]


def _opened(schema: Schema, nouns: set[Words]) -> tuple[Schema, Envelope | None]:
    levels: list[tuple[str, Schema]] = []
    while len(levels) < _MOST and (member := _within(schema, nouns, levels)):
        members = properties(schema)
        needed = [n for n in required(schema) if n != member]
        beside = {n: part for n, part in members.items() if n != member}
        levels.append((member, {"type": "object", "properties": beside, "required": needed}))
        schema = _with_example(members[member], schema, member)
    return schema, Envelope(tuple(levels)) if levels else None


def _within(schema: Schema, nouns: set[Words], above: Sequence[tuple[str, Schema]]) -> str:
    """The member of an object that holds all that its caller says; empty without one."""
    members = properties(schema)
    if above and is_resource(members) and properties(members[ATTRIBUTES]):
        return ATTRIBUTES
    if len(members) != 1:
        return ""
    (name, part), needed = next(iter(members.items())), required(schema)
    holds = type_of(part) == "object" and bool(properties(part)) and name in needed
    return name if holds and (name in _WRAPPERS or words(name) in nouns) else ""


def _with_example(part: Schema, whole: Schema, member: str) -> Schema:
    said = whole.get("example")
    inner = said.get(member) if isinstance(said, Mapping) else None
    return {**part, "example": inner} if isinstance(inner, dict) else part


def plain_schema(schema: Schema) -> Schema:
    """The schema of an answer as `resources.plain` shows the answer."""
    changed = dict(schema)
    members = schema.get("properties")
    if isinstance(members, dict):
        inner = members.get(ATTRIBUTES)
        if isinstance(inner, dict) and is_resource(members):
            beside = {n: p for n, p in members.items() if n != ATTRIBUTES}
            changed["properties"] = members = {**properties(inner), **beside}
            needed = [n for n in required(schema) if n != ATTRIBUTES]
            if ATTRIBUTES in required(schema):
                needed += required(inner)
            changed["required"] = needed
            changed.pop("additionalProperties", None)
            if "additionalProperties" in inner:
                changed["additionalProperties"] = inner["additionalProperties"]
        changed["properties"] = {
            n: plain_schema(p) if isinstance(p, dict) else p for n, p in members.items()
        }
    if isinstance(schema.get("items"), dict):
        changed["items"] = plain_schema(schema["items"])
    return changed
