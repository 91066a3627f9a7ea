"""Things that members keep, by whose ids everything below them is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind, Safety
from l7audit.probe.answer import Answer
from l7audit.target.compose import compose
from l7audit.target.likeness import says_nothing
from l7audit.target.operation import Operation
from l7audit.target.schemas import type_of
from l7audit.target.target_model import Surface
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authz.existence import unlike
from l7audit_suites.authz.families import Family, seen_families
from l7audit_suites.authz.made_up import like
from l7audit_suites.authz.people import Cast, in_use, powerful
from l7audit_suites.authz.sharing import private_to_read
from l7audit_suites.authz.things import Thing, ask, find, make, make_below, without_people

_MOST_FAMILIES = 8
_GIVEN = {"const", "example", "examples", "default", "minimum"}
_FAR = 1_900_000_000, 2_000_000_000
_LATER = {202, 409, 425}
_PATIENCE = 3.0
_PAUSE = 0.3
"""Seconds."""


def may_write(check: Check) -> bool:
    """Whether things may be made at the target."""
    return check.probe.scope.safety.rank >= Safety.INTRUSIVE.rank


def nowhere(check: Check, surface: Surface) -> dict[str, str]:
    """Values for the path of which nothing there has any: never those of an example."""
    found = {}
    for parameter in surface.operation.path_parameters:
        schema = {n: v for n, v in parameter.schema.items() if n not in _GIVEN}
        counted = type_of(schema) in {"integer", "number"}
        value = check.random.randrange(*_FAR) if counted else compose(schema, check.random)
        found[parameter.name] = str(value)
    return found


def kept_things(
    check: Check, members: Sequence[Identity], wanted: Callable[[Surface], bool]
) -> Iterator[tuple[Thing, list[Surface]]]:
    """A thing of each family with wanted reads of it or below it: one that somebody has, else one
    that is made for this."""
    seen = set[str]()
    listed = [f for f in seen_families(check.model) if without_people(f)]
    for family in listed[:_MOST_FAMILIES]:
        reads = [s for s in _reads_of(check, family) if wanted(s) and str(s.place()) not in seen]
        tries = (_kept(check, family, one) for one in members if reads)
        thing = next(filter(None, tries), None)
        if thing is not None:
            seen |= {str(s.place()) for s in reads}
            yield thing, reads


def _kept(check: Check, family: Family, one: Identity) -> Thing | None:
    cast = Cast(one, None, None)
    try:
        return find(check, family, cast) or (
            make(check, family, cast) if may_write(check) else None
        )
    except CredentialError:
        return None


def _reads_of(check: Check, family: Family) -> Iterator[Surface]:
    """Reads of one thing of the family, and of what lies right below it; whatever they call it."""
    item = [*family.collection.strip("/").split("/"), "{" + family.key + "}"]
    for operation in check.model.operations:
        plain = operation.method == "GET" and Kind.STREAMING not in operation.kinds
        if plain and lies_at(operation, item):
            yield check.model.surface(operation)


def lies_at(operation: Operation, item: list[str]) -> bool:
    """Whether an operation is of the thing at that address, or right below it; by position."""
    parts = operation.template.strip("/").split("/")
    beginning, rest = parts[: len(item)], parts[len(item) :]
    return (
        len(parts) >= len(item)
        and not any("{" in part for part in rest)
        and all(a == b or ("{" in a and "{" in b) for a, b in zip(beginning, item, strict=True))
    )


def at(thing: Thing, surface: Surface) -> Surface:
    """A read of that thing, by position: what names a thing is not called alike everywhere."""
    item = [*thing.family.collection.strip("/").split("/"), "{" + thing.family.key + "}"]
    parts = surface.operation.template.strip("/").split("/")
    known = {
        theirs[1:-1]: thing.values[ours[1:-1]]
        for theirs, ours in zip(parts, item, strict=False)
        if theirs.startswith("{") and ours[1:-1] in thing.values
    }
    return surface.with_values(known)


def read(check: Check, thing: Thing, surface: Surface) -> Answer:
    """What a member is told there. Where it is nothing, something is put there first, if the
    target has a way and writing is allowed."""
    ready = at(thing, surface)
    known = thing.family.read is not None and surface.operation == thing.family.read.operation
    answer = thing.seen if known else _when_ready(check, thing, surface)
    template = surface.operation.template.rstrip("/")
    if not answer.ok or not says_nothing(answer) or not may_write(check):
        return answer
    for family in seen_families(check.model):
        if family.create is not None and family.home == template:
            cast = Cast(thing.owner, None, None)
            if make_below(check, family, cast, thing.owner, ready.values, thing) is not None:
                return ask(check, ready, thing.owner)
    return answer


def _when_ready(check: Check, thing: Thing, surface: Surface) -> Answer:
    """The answer to a member, asked again for a while where it says that it takes its time."""
    until = time.monotonic() + _PATIENCE
    answer = ask(check, at(thing, surface), thing.owner)
    while answer.status in _LATER and time.monotonic() < until:
        time.sleep(_PAUSE)
        answer = ask(check, at(thing, surface), thing.owner)
    return answer


def told(check: Check, thing: Thing, surface: Surface, stranger: Answer, good: Answer) -> bool:
    """Whether a stranger was told what a member is told of this very thing, and of none that is
    not there."""
    if judge(stranger, good) is not Seen.ACCEPTED or says_nothing(stranger):
        return False
    if not (_same(stranger, good) or thing.named_in(stranger)):
        return False
    ready = at(thing, surface)
    names = {n: v for n, v in ready.values.items() if v == thing.id}
    absent = dict.fromkeys(names, like(thing.id, check.random))
    return not _same(check.send(ready.request(path=absent)), stranger)


def _same(one: Answer, other: Answer) -> bool:
    if one.media_type != other.media_type or not one.ok:
        return False
    return not unlike(one, other) if other.json_or_none() is not None else one.body == other.body


def private(check: Check, thing: Thing) -> bool:
    """Whether somebody else of the profile may not see the thing."""
    others = [i for i in in_use(check.identities) if i is not thing.owner]
    others.sort(key=lambda i: (i.role != thing.owner.role, powerful(i)))
    return any(
        private_to_read(check, replace(thing, cast=Cast(thing.owner, None, other)), other)
        for other in others[:1]
    )
