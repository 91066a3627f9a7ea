"""What everybody may read of single things: of those that everybody is shown, and of those that are
named by a reference that their owner is told, as a tracking number or the token of a link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target.likeness import says_nothing
from l7audit.target.schemas import walk
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit.target.values import keep, things, values_in
from l7audit.target.words import words
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import ask, heard, may_not_make

_MOST_READS = 40
_MOST_LISTINGS = 3
_NO_REFERENCE = {("id",), ("name",), ("key",), ("number",), ("status",), ("type",), ("slug",)}


Open = tuple[Surface, Answer]
_OPEN: WeakKeyDictionary[TargetModel, list[Open]] = WeakKeyDictionary()
"""What was read without a credential in this process."""


def open_reads(check: Check) -> list[Open]:
    """What everybody may read, each with an answer that tells something; asked once. Where nothing
    stands below a thing yet, an ordinary caller puts something there."""
    if check.model not in _OPEN:
        _OPEN[check.model] = list(_open_reads(check))
    return _OPEN[check.model]


def _open_reads(check: Check) -> Iterator[Open]:
    ordinary, _ = by_role(check.identities, admin_roles(check))
    for surface in check.model.surfaces(Kind.PUBLIC_READ, limit=_MOST_READS):
        if Kind.STREAMING in surface.kinds:
            continue
        ready = _named(check, surface, ordinary[:1]) if surface.needs_values else surface
        if ready is None:
            continue
        answer = check.send(ready.request())
        if answer.ok and surface.needs_values and says_nothing(answer):
            if not any(_put(check, ready, one) for one in ordinary[:1]):
                continue
            answer = check.send(ready.request())
        if answer.ok:
            yield ready, answer


def _named(check: Check, surface: Surface, people: list[Identity]) -> Surface | None:
    """The read of a thing that is there; None where none is known."""
    names = surface.needs_values
    if len(names) > 1:
        return None
    start = surface.operation.template.partition("/{" + names[0] + "}")[0]
    for operation in check.model.operations:
        same = operation.template.rstrip("/") == start
        if operation.method == "GET" and operation.public and same:
            listed = things(check.send(check.model.surface(operation).request()).json_or_none())
            found = [values_in(thing, names) for thing in listed[:1]]
            return surface.with_values(found[0]) if found and found[0] else None
    for one in people:
        for reference in _references(check, names[0], one):
            return surface.with_values({names[0]: reference})
    return None


def _references(check: Check, name: str, one: Identity) -> Iterator[str]:
    """What listings of somebody's own call by exactly that name."""
    told, count = words(name), 0
    if told in _NO_REFERENCE:
        return
    for operation in check.model.operations:
        if operation.method != "GET" or operation.public or operation.path_parameters:
            continue
        if Kind.ADMIN in operation.kinds or count == _MOST_LISTINGS:
            continue
        if not any(words(n) == told for n, _ in walk(operation.answer_schema, 4)):
            continue
        count += 1
        try:
            answer = ask(check, check.model.surface(operation), one)
        except CredentialError:
            return
        for thing in things(answer.json_or_none()) if answer.ok else []:
            found = _member(thing, told)
            if found:
                yield found


def _member(thing: Any, told: tuple[str, ...]) -> str:
    members = thing.items() if isinstance(thing, dict) else ()
    return next((v for n, v in members if words(str(n)) == told and isinstance(v, str)), "")


def _put(check: Check, read: Surface, one: Identity) -> bool:
    """Whether somebody could put something where nothing stood."""
    for operation in check.model.operations:
        same = operation.template == read.operation.template
        if operation.method != "POST" or not same or operation.public:
            continue
        maker = check.model.surface(operation).with_values(read.values)
        if maker.needs_values or Kind.COSTLY in maker.kinds or may_not_make(check, maker, one):
            return False
        answer = ask(check, maker, one)
        heard(check, maker, one, answer)
        keep(check.model, maker, answer, check.sessions, one)
        return answer.ok
    return False
