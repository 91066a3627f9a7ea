"""Other versions of the API: guarded as the current one, or not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind, Place, Safety
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit.target.surface import Surface
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authz.families import seen_families
from l7audit_suites.authz.people import admin_roles, casts_of
from l7audit_suites.authz.sharing import private_to_read
from l7audit_suites.authz.things import Thing, ask, find, made_or_found
from l7audit_suites.expose.readings import callers
from l7audit_suites.expose.routes import elsewhere, version_of
from l7audit_suites.input.ground import ask_all

_SHUT_TO_ALL = 2
_MOST = 3
_FEW = 1
"""Reads and things that are looked for where nothing tells that there are versions."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A read of the current version, as who may sees it, and who may not."""

    surface: Surface
    good: Answer = field(repr=False)
    name: str
    auth: Auth = field(repr=False)


@pytest.mark.control("EXPOSE-11")
def test_another_version_is_guarded_as_the_current_one(check: Check) -> None:
    reads = check.model.surfaces(Kind.PROTECTED_READ, limit=40)
    named = [s for s in reads if version_of(check.model.prefix + s.operation.template)]
    most = _MOST if named else _FEW
    current = [s for s in named or reads if not s.needs_values]
    looked = sum(
        _guarded_elsewhere(check, guarded, first=not number)
        for number, guarded in enumerate(islice(_guarded(check, current), most))
    )
    looked += _things_in_versions(check, bool(named), most)
    if not looked and not named:
        check.not_applicable("No path of the document names a version, and no read is protected.")
    if not looked:
        check.inconclusive("No protected read of the current version could be made.")


def _guarded_elsewhere(check: Check, guarded: Guarded, *, first: bool) -> int:
    """A read by who may not make it, in other versions."""
    operation = guarded.surface.operation
    plain = guarded.surface.request(guarded.auth)
    others = elsewhere(check.model, plain.path, operation.template, first=first)
    answers = ask_all(check, [plain.with_path(path) for path, _ in others])
    for (_, template), answer in zip(others, answers, strict=True):
        if any(o.template == template and o.public for o in check.model.operations):
            continue
        check.expect(
            judge(answer, guarded.good) is not Seen.ACCEPTED,
            Place(operation=f"GET {template}", part=f"by {guarded.name or 'nobody'}"),
            "Another version answers to somebody whom the current one refuses.",
            answer,
            guarded.good,
            expected="no such path, or the same refusal",
            seen=f"{answer.status}, with what the rightful caller gets",
        )
    return len(answers)


def _things_in_versions(check: Check, named: bool, most: int) -> int:
    """Things of ours, looked at by nobody and by who may not see them, in other versions."""
    looked = 0
    for number, thing in enumerate(islice(_things(check, named), most)):
        assert thing.family.read is not None  # `_things` gives no others
        surface = thing.at(thing.family.read)
        strangers = [s for s in thing.cast.strangers if private_to_read(check, thing, s)]
        # What is open to nobody in particular is open to a stranger, too: one of them will do.
        for who in strangers[:1] or (None,):
            auth = check.sessions.auth(who, surface) if who is not None else Auth.none()
            plain = surface.request(auth)
            template = surface.operation.template
            others = elsewhere(check.model, plain.path, template, first=not number)
            answers = ask_all(check, [plain.with_path(path) for path, _ in others])
            for (_, there), answer in zip(others, answers, strict=True):
                looked += 1
                check.expect(
                    not thing.shows(answer),
                    Place(operation=f"GET {there}", part=f"by {'a stranger' if who else 'nobody'}"),
                    "Another version shows a thing to somebody who may not see it.",
                    thing.seen,
                    answer,
                    expected="no such path, or the same refusal",
                    seen=f"{answer.status}, with the text that its owner wrote",
                )
    return looked


def _things(check: Check, named: bool) -> Iterator[Thing]:
    """A thing of each family that is read in a version, or in none if none is `named`. What a
    caller names himself has its mark in the path, which an answer may only repeat."""
    writes = check.probe.scope.safety.rank >= Safety.INTRUSIVE.rank
    got = made_or_found if writes else find
    fitting = [
        f
        for f in seen_families(check.model)
        if f.read is not None
        and f.put is None
        and not f.people
        and bool(version_of(check.model.prefix + f.collection)) is named
    ]
    for family in fitting[: _MOST if named else _FEW + 1]:
        people = casts_of(check.identities, admin_roles(check))
        thing = next(filter(None, (got(check, family, c) for c in people)), None)
        if thing is not None:
            check.witness("the owner sees what is his", thing.seen, once=True)
            yield thing


def _guarded(check: Check, current: list[Surface]) -> Iterator[Guarded]:
    """Reads that are shut to nobody in particular, and one that is shut to an ordinary caller."""
    who = callers(check)
    shut_to_all, shut_to_one = _SHUT_TO_ALL, len(who) > 1
    for surface in current:
        if not shut_to_all and not shut_to_one:
            return
        weak = ask(check, surface, who[0])
        if weak.ok and not shut_to_all:
            continue
        asked = ((o, ask(check, surface, o)) for o in who[1:])
        good = weak if weak.ok else next((a for _, a in asked if a.ok), None)
        if good is None:
            continue
        if shut_to_all and check.send(surface.request()).refused:
            shut_to_all -= 1
            check.witness("who may is let in", good)
            yield Guarded(surface, good, "", Auth.none())
        if shut_to_one and weak.refused:
            shut_to_one = False
            yield Guarded(surface, good, who[0].role, check.sessions.auth(who[0], surface))
