"""What callers are answered: every read that is open to somebody, and things made to be read."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.persons import PERSON, facts_of
from l7audit.target.schemas import Schema, properties, type_of
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit.target.words import says, words
from l7audit_suites.authz.families import Family, families
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.people import Cast, admin_roles, by_role
from l7audit_suites.authz.things import (
    Thing,
    ask,
    heard,
    keep_for_removal,
    may_not_make,
)
from l7audit_suites.authz.told import learn_secrets, named

_MOST_READS = 40
_KEPT = ("secret", "signing key", "private key", "client secret", "passphrase", "token", "pin")


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer to a read, and what its document says of it."""

    surface: Surface
    who: Identity
    answer: Answer = field(repr=False)

    @property
    def schema(self) -> Schema:
        return self.surface.operation.answer_schema

    def place(self, part: str = "") -> Place:
        return self.surface.place(part)


def callers(check: Check) -> list[Identity]:
    """An ordinary identity and those of power, the first of each role."""
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    roles: dict[str, Identity] = {}
    for one in (*ordinary, *powerful):
        roles.setdefault(one.role, one)
    return list(roles.values())


_LET_IN: WeakKeyDictionary[TargetModel, dict[tuple[Place, str], bool]] = WeakKeyDictionary()
"""Whom a read was open to when it was asked in this process."""


def lets_in(check: Check, surface: Surface, who: Identity) -> bool:
    """Whether a read is open to somebody, which is asked once a process."""
    known = _LET_IN.setdefault(check.model, {})
    place = surface.place(), who.name
    return known[place] if place in known else _read(check, surface, who).ok


def _read(check: Check, surface: Surface, who: Identity) -> Answer:
    answer = ask(check, surface, who)
    if answer.ok or answer.refused:
        _LET_IN.setdefault(check.model, {})[surface.place(), who.name] = answer.ok
    return answer


def plain(check: Check) -> Iterator[Reading]:
    """Each read as the first caller sees it who may, and the last; those of single things as far
    as a listing names one and nothing of the kind can be made."""
    who = callers(check)
    made = {f.read.operation.template for f in families(check.model) if f.read is not None}
    for surface in check.model.surfaces(Kind.PROTECTED_READ, limit=_MOST_READS):
        if Kind.STREAMING in surface.kinds or surface.operation.template in made:
            continue
        first = _first(check, surface, who)
        if first is None:
            continue
        yield first
        later = who[who.index(first.who) + 1 :]
        last = _first(check, surface, later[::-1])
        if last is not None:
            yield last


def _first(check: Check, surface: Surface, who: Sequence[Identity]) -> Reading | None:
    """The read as the first of these sees it who may."""
    known = _LET_IN.setdefault(check.model, {})
    for one in who:
        if not known.get((surface.place(), one.name), True):
            continue
        ready = _ready(check, surface, one)
        answer = _read(check, ready, one) if ready is not None else None
        if ready is not None and answer is not None and answer.ok:
            return Reading(ready, one, answer)
    return None


def _ready(check: Check, surface: Surface, who: Identity) -> Surface | None:
    """The read with its path filled: by a listing, or by who asks where it names a person."""
    if not surface.needs_values:
        return surface
    found = check.model.resolve(surface, check.sessions, who)
    names = surface.needs_values
    if found is None and len(names) == 1 and says(words(names[0]), *PERSON):
        person = facts_of(check.sessions, who).person
        return surface.with_values({names[0]: person[0]}) if person else None
    return found


@dataclass(frozen=True, slots=True)
class Planted:
    """A thing that was made with secrets of our own in it; `secrets` are those."""

    thing: Thing
    secrets: tuple[str, ...] = field(repr=False)


def planted(check: Check, *, people: bool = True) -> Iterator[Planted]:
    """A thing of each family, made by the first caller who may: with a fresh secret in every
    member that takes one. Removed in the end."""
    for family in families(check.model):
        if family.nested or family.create is None or (family.people and not people):
            continue
        for one in callers(check):
            made = _plant(check, family, one)
            if made is not None:
                yield made
                break


def _plant(check: Check, family: Family, who: Identity) -> Planted | None:
    create = family.create
    assert create is not None  # `planted` looked
    marker = new_marker()
    given = None if may_not_make(check, create, who) else marked(create, marker)
    if given is None:
        return None
    canaries = {}
    for name, part in properties(create.operation.json_schema).items():
        secret = says(words(name), *_KEPT) and type_of(part) in {"string", ""}
        if secret or meaning.is_password(name, part):
            canaries[name] = f"l7audit-A1-{secrets.token_hex(16)}"
            check.probe.redactor.learn(canaries[name])
    if canaries:
        given = {**given, "fields": {**given.get("fields", {}), **canaries}}
    answer = ask(check, create, who, **given)
    heard(check, create, who, answer)
    if not answer.ok:
        return None
    learn_secrets(check, answer)
    key = named(answer, family.key)
    if not key:
        return None
    cast = Cast(who, None, None)
    thing = Thing(family, cast, who, {family.key: key}, marker, answer, answer)
    keep_for_removal(check, thing, who)
    return Planted(thing, tuple(canaries.values()))


def looks(check: Check, made: Planted) -> Iterator[Reading]:
    """The thing as its maker sees it afterwards: by itself, in its collection, after a change."""
    thing, family = made.thing, made.thing.family
    for surface in (family.read, family.list):
        if surface is not None:
            yield Reading(surface, thing.owner, ask(check, thing.at(surface), thing.owner))
    change = family.change
    told = (marked(change, thing.marker) or {}).get("fields") if change is not None else None
    if change is not None and told and change.operation.method == "PATCH":
        answer = ask(check, thing.at(change), thing.owner, json=told)
        if answer.ok:
            yield Reading(change, thing.owner, answer)
