"""Ids of other people's things, put where an operation takes an id or might."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity
from l7audit.probe.answer import Answer
from l7audit.target.filling import filled, fitting
from l7audit.target.references import of_body
from l7audit.target.schemas import Schema, properties
from l7audit.target.target_model import Surface
from l7audit.target.words import words
from l7audit_suites.authz.families import Family, families
from l7audit_suites.authz.made_up import like
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.people import Cast
from l7audit_suites.authz.sharing import private_to_change, private_to_read
from l7audit_suites.authz.test_objects import blind, relation, undecided, who
from l7audit_suites.authz.things import (
    Thing,
    ask,
    keep_for_removal,
    made_or_found,
    made_things,
    make,
)
from l7audit_suites.authz.told import named

_CHANGES = {"POST", "PUT", "PATCH"}
_MOST_USES = 6


@dataclass(frozen=True, slots=True)
class Use:
    """A member of an operation's body that takes the id of a thing of a family; `above` is the
    family that the operation's own path needs a thing of, if any."""

    surface: Surface
    member: str
    many: bool
    above: Family | None

    def fields(self, identifier: str) -> dict[str, Any]:
        schema = properties(self.surface.operation.json_schema).get(self.member, {})
        if self.many:
            return {self.member: [_fitted(identifier, schema.get("items", {}))]}
        return {self.member: _fitted(identifier, schema)}


def _fitted(identifier: str, schema: Schema) -> Any:
    """The id as a number where the document asks for one."""
    found = fitting(identifier, schema)
    return identifier if found is None else found


def uses(check: Check, family: Family) -> list[Use]:
    """Where ids of a family's things go into a body."""
    return list(_uses(check, family))[:_MOST_USES]


def _uses(check: Check, family: Family) -> Iterator[Use]:
    known = {f.collection: f for f in families(check.model)}
    for operation in check.model.operations:
        if operation.method not in _CHANGES or operation.public:
            continue
        base = operation.template.partition("/{")[0]
        above = known.get(base) if "{" in operation.template else None
        if operation.template.count("{") != int(above is not None):
            continue
        named = dict.fromkeys(properties(operation.json_schema))
        for reference in of_body(operation, named):
            # What leads to somebody else's is meant to name it.
            if family.called in reference.nouns and not reference.towards:
                name, many = str(reference.path[0]), len(reference.path) == 2
                yield Use(check.model.surface(operation), name, many, above)


@pytest.mark.control("AUTHZ-07")
def test_nobody_uses_another_s_thing_by_naming_it_in_a_body(check: Check) -> None:
    looked = 0
    for thing in made_things(check, lambda family: bool(uses(check, family)), found=True):
        for stranger in thing.cast.strangers:
            if private_to_read(check, thing, stranger):
                looked += sum(_used(check, thing, stranger, u) for u in uses(check, thing.family))
    if not looked:
        check.inconclusive("No id in a body could be tried with a thing of one's own.")


def _used(check: Check, thing: Thing, stranger: Identity, use: Use) -> bool:
    """Whether a use could be judged: one's own thing is taken, and then another's is tried."""
    own = made_or_found(check, thing.family, thing.cast, stranger)
    above = None if use.above is None else make(check, use.above, thing.cast, stranger)
    if own is None or (use.above is not None and above is None):
        return False
    path = {} if above is None or use.above is None else {use.above.key: above.id}
    send = partial(_sent, check, use, stranger, thing.cast, path)
    if not send(own.id).ok:
        return False
    unknown, theirs = send(like(thing.id, check.random)), send(thing.id)
    if undecided(check, unknown) or undecided(check, theirs):
        return False
    shown = thing.shows(theirs)
    check.expect(
        not shown and not (theirs.ok and not unknown.ok),
        use.surface.place(f"member {use.member}, {relation(thing, stranger)}"),
        f"{who(thing, stranger)} uses a thing that is another's by naming it in {use.member}.",
        theirs,
        unknown,
        expected="the same refusal as for an id that nothing has",
        seen=f"{theirs.status}" + (", with the text that its owner wrote" if shown else ""),
        confidence=Confidence.CONFIRMED if shown else Confidence.STRONG,
    )
    return True


def _sent(
    check: Check, use: Use, who: Identity, cast: Cast, path: Mapping[str, str], identifier: str
) -> Answer:
    """The operation with an id in its body; what it makes is looked at once more, and removed."""
    surface = filled(check.model, use.surface, check.sessions, who)
    given = marked(surface, new_marker()) or {}
    fields = {**surface.named, **given.pop("fields", {}), **use.fields(identifier)}
    answer = ask(check, use.surface, who, path=path, fields=fields, **given)
    template = use.surface.operation.template.rstrip("/")
    family = next((f for f in families(check.model) if f.collection == template), None)
    made = named(answer, family.key) if answer.ok and family is not None else ""
    if made and family is not None:
        thing = Thing(family, cast, who, {**path, family.key: made}, "", answer, answer)
        keep_for_removal(check, thing, who)
        seen = thing.view(check)
        return seen if seen.ok else answer
    return answer


@pytest.mark.control("AUTHZ-08")
def test_an_id_beside_the_path_does_not_take_its_place(check: Check) -> None:
    looked = 0
    for thing in made_things(check, lambda f: f.read is not None and not f.nested and not f.people):
        for stranger in thing.cast.strangers[:1]:
            own = make(check, thing.family, thing.cast, stranger)
            if own is None or own.id == own.marker:
                continue
            if private_to_read(check, thing, stranger):
                looked += _read_beside(check, thing, own)
            if private_to_change(check, thing, stranger):
                looked += _changed_beside(check, thing, own)
    if not looked:
        check.inconclusive("No stranger has a thing of his own to ask for.")


def _read_beside(check: Check, thing: Thing, own: Thing) -> int:
    read, looked = thing.family.read, 0
    assert read is not None
    field = "-".join(word.capitalize() for word in words(thing.family.key))
    names = _names(thing)
    ways: list[tuple[str, dict[str, Any]]] = [("query", {"query": {n: thing.id}}) for n in names]
    ways.append(("body", {"json": dict.fromkeys(names, thing.id)}))
    ways.append(("header", {"headers": {"X-Id": thing.id, f"X-{field}": thing.id}}))
    for where, given in ways:
        answer = ask(check, own.at(read), own.owner, **given)
        if undecided(check, answer):
            continue
        looked += 1
        check.expect(
            not thing.shows(answer),
            read.place(f"id in the {where}"),
            f"An id in the {where} takes the place of that in the path, and shows what is "
            "another's.",
            answer,
            expected="the thing in the path, or a refusal",
            seen=f"{answer.status}, with another's text",
        )
    return looked


def _changed_beside(check: Check, thing: Thing, own: Thing) -> int:
    change, looked = thing.family.change, 0
    for where, name in [(w, n) for w in ("body", "query") for n in _names(thing)]:
        marker = new_marker()
        given = None if change is None else marked(change, marker)
        if change is None or given is None or "fields" not in given:
            break
        key = "fields" if where == "body" else "query"
        given[key] = {**given.get(key, {}), name: thing.id}
        answer = ask(check, own.at(change), own.owner, **given)
        if undecided(check, answer):
            continue
        seen = thing.view(check) if answer.ok else thing.seen
        if blind(check, thing, seen):
            continue
        looked += 1
        check.expect(
            marker not in seen.text and thing.shows(seen),
            change.place(f"id in the {where}"),
            f"An id in the {where} takes the place of that in the path, and changes what is "
            "another's.",
            answer,
            seen,
            expected="the thing in the path, or a refusal",
            seen=f"{answer.status}, and its owner reads what the stranger wrote",
        )
    return looked


def _names(thing: Thing) -> list[str]:
    """What an id of the thing may be called outside of the path."""
    return list(dict.fromkeys(["id", thing.family.key]))
