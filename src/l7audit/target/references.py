"""What in a request names other things that are there: `vesselId`, `berth_refs`, `vessel: {id}`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from l7audit.target import meaning, quantities
from l7audit.target.compose import Path
from l7audit.target.operation import Operation
from l7audit.target.persons import calls
from l7audit.target.schemas import Schema, alternative, properties, required, type_of
from l7audit.target.words import Words, plural, says, words

TOWARDS = {
    "to", "recipient", "receiver", "destination", "target", "payee", "beneficiary", "holder",
    "bearer", "grantee", "addressee",
}  # fmt: skip
"""Words of a member that leads to somebody else."""

_BESIDE = {"from", "source", "sender", "the", "my", "own"}
_NAMING = {"id", "uuid", "guid", "ref", "reference", "key", "number"}
_SURELY = {"id", "uuid", "guid", "ref"}
_SEVERAL = {"ids": "id"}
"""What is too short to be taken for a plural."""

_OWN = (
    "name", "title", "label", "type", "kind", "text", "note", "date", "amount", "code", "status",
    "description", "token", "secret", "password",
)  # fmt: skip
"""What a member says of the new thing itself, whatever collections are called."""

_DEPTH = 3
_MOST_TOLD = 200


@dataclass(frozen=True, slots=True)
class Reference:
    """A member or parameter that names another thing, and what that may be called: its `nouns`,
    the likeliest first. `sure`: it says that it takes an id; otherwise only where there are things
    of just that name. `towards`: it leads to somebody else. `called`: it names a person by what he
    is called."""

    path: Path
    name: str
    schema: Schema
    nouns: tuple[Words, ...]
    sure: bool
    towards: bool = False
    called: bool = False


def of_body(operation: Operation, body: Any) -> list[Reference]:
    """Those of a body, as far as it has them. Where something is made and its schema asks for
    nothing at all, those that it only allows, too."""
    schema = operation.body_schema
    listed = list(_members(schema, body, (), "", _DEPTH))
    if operation.method == "POST" and isinstance(body, dict) and not required(schema):
        spare = {n: None for n in properties(schema) if n not in body}
        listed += [r for r in _members(schema, spare, (), "", 1) if r.sure]
    people = list(_people(operation, body))
    return [*people, *(r for r in listed if all(r.path != p.path for p in people))]


def _people(operation: Operation, body: Any) -> Iterator[Reference]:
    """Members that say who is meant by what he is called: where he is let into something that is
    there, or where something leads to him. Elsewhere it is what somebody new wants to be called."""
    template = operation.template.rstrip("/")
    below = operation.method in {"POST", "PUT"} and "{" in template and not template.endswith("}")
    for name, part in properties(operation.body_schema).items():
        towards = bool(TOWARDS & set(words(name)))
        text = type_of(part) in {"", "string"} and not {"enum", "const"} & alternative(part).keys()
        there = isinstance(body, dict) and name in body
        if there and text and calls(name) and (below or towards):
            yield Reference((name,), name, part, (), True, towards, called=True)


def of_query(operation: Operation) -> list[Reference]:
    """The query parameters that have to be there and name a thing."""
    wanted = [p for p in operation.parameters if p.place == "query" and p.required]
    found = (_reference((p.name,), p.name, p.schema) for p in wanted)
    return [r for r in found if r is not None]


def names_thing(reference: Reference, name: Words) -> bool:
    """Whether it is about things that are called so."""
    return any(
        name == noun or (reference.sure and name[-1:] == noun[-1:]) for noun in reference.nouns
    )


def _members(schema: Schema, body: Any, above: Path, told: str, depth: int) -> Iterator[Reference]:
    if depth <= 0 or not isinstance(body, dict):
        return
    for name, part in properties(schema).items():
        if name not in body or part.get("readOnly") is True:
            continue
        here, inner, one = (*above, name), body[name], alternative(part)
        if type_of(one) == "object":
            yield from _members(one, inner, here, name, depth - 1)
            continue
        if type_of(one) == "array" and isinstance(one.get("items"), dict):
            items = alternative(one["items"])
            if type_of(items) == "object":
                yield from _members(items, (inner or [None])[0], (*here, 0), name, depth - 1)
                continue
            here, one = (*here, 0), {**items, "many": True}
        # What says no more than `id` is told by what it stands in.
        of_parent = bool(told) and not _noun(words(name))
        found = _reference(here, f"{told} {name}" if of_parent else name, one)
        if found is not None:
            yield found


def _reference(path: Path, name: str, schema: Schema) -> Reference | None:
    schema = alternative(schema)
    told = tuple(_SEVERAL.get(w, w) for w in words(name))
    if type_of(schema) not in {"", "string", "integer"} or {"enum", "const"} & schema.keys():
        return None
    if quantities.is_amount(name, schema) or meaning.takes_url(name, schema):
        return None
    towards = bool(TOWARDS & set(told))
    titled = words(str(schema.get("title", ""))[:_MOST_TOLD])
    sure = bool({*told, *titled} & _SURELY) or towards or schema.get("format") == "uuid"
    if not sure and (says(told[-1:], *_OWN) or _counts(name, schema)):
        return None
    if not sure and schema.get("format") not in {None, "", "uuid", "int32", "int64"}:
        return None
    noun = _noun(told)
    nouns = (noun, _noun(titled), *_described(schema)) if sure else (noun,)
    known = tuple(dict.fromkeys(n for n in nouns if n))
    return Reference(path, name, schema, known, sure, towards) if known or towards else None


def _counts(name: str, schema: Schema) -> bool:
    """Whether a number says how many, as `shelves` does beside `shelf`."""
    return type_of(schema) == "integer" and plural(name) and not schema.get("many")


def _noun(told: Words) -> Words:
    """What a member is an id of, by its own words."""
    left = tuple(w for w in told if w not in TOWARDS | _BESIDE)
    while left and left[-1] in _NAMING:
        left = left[:-1]
    return left[1:] if left[:1] in {("id",), ("ref",)} else left


def _described(schema: Schema) -> Iterator[Words]:
    """What a member is an id of, as its description tells: `Id of the vessel`, `vessel's id`."""
    told = words(str(schema.get("description", ""))[:_MOST_TOLD])
    for at, word in enumerate(told):
        if word in _SURELY:
            after = [w for w in told[at + 1 : at + 4] if w not in {"of", "the", "a", "an"}]
            if told[at + 1 : at + 2] == ("of",) and after:
                yield (after[0],)
            before = [w for w in told[:at] if w != "s"]
            if before:
                yield (before[-1],)
