"""What a role may do: functions of power, and changes by those who may only read."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.target.target_model import Surface
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authz.existence import unlike
from l7audit_suites.authz.families import Family, families
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.people import Cast, admin_roles, by_role
from l7audit_suites.authz.readers import things_with_readers
from l7audit_suites.authz.test_objects import blind, undecided
from l7audit_suites.authz.things import Thing, ask, keep_for_removal, make, named, opened

_MOST_READS = 6
_MOST_PEOPLE = 3


@pytest.mark.control("AUTHZ-10")
def test_functions_of_power_are_closed_to_ordinary_roles(check: Check) -> None:
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    reads = [s for s in check.model.surfaces(Kind.ADMIN, limit=20) if _plain_read(s)]
    if not powerful or not ordinary:
        if reads:
            check.inconclusive("The profile gives no identity of power, or none without.")
        check.not_applicable("Neither the document nor the profile tells of roles of power.")
    looked = sum(_read(check, s, ordinary, powerful) for s in reads[:_MOST_READS])
    for family in families(check.model):
        if not family.nested and family.list is not None:
            looked += _managed(check, family, ordinary, powerful)
    if not looked:
        check.inconclusive("No function was found that is open to a role of power alone.")


def _plain_read(surface: Surface) -> bool:
    return surface.operation.method == "GET" and not surface.needs_values


def _read(
    check: Check, surface: Surface, ordinary: list[Identity], powerful: list[Identity]
) -> int:
    """Whether ordinary people read what is there for those of power."""
    found = _opens(check, surface, powerful)
    if found is None:
        return 0
    person, good = found
    check.witness("who has the power is let in", partial(ask, check, surface, person), once=True)
    looked = 0
    for one in ordinary[:_MOST_PEOPLE]:
        answer = ask(check, surface, one)
        if undecided(check, answer):
            continue
        looked += 1
        check.expect(
            judge(answer, good) is Seen.REFUSED,
            surface.place(f"by a {one.role}"),
            f"A {one.role} reads what is there for those of power.",
            answer,
            good,
            expected="403 or 404",
            seen=f"{answer.status}, with what somebody of power gets",
        )
    return looked


def _opens(
    check: Check, surface: Surface, people: list[Identity]
) -> tuple[Identity, Answer] | None:
    """The first of these whom a read lets in."""
    for person in people:
        answer = ask(check, surface, person)
        if opened(surface, answer):
            return person, answer
    return None


def _managed(
    check: Check, family: Family, ordinary: list[Identity], powerful: list[Identity]
) -> int:
    """A collection that somebody of power sees and an ordinary one is refused: who may not even
    look at it may not change it."""
    assert family.list is not None
    found = _opens(check, family.list, powerful)
    if found is None:
        return 0
    person, _ = found
    kept_out = [
        one
        for one in ordinary
        if one.tenant == person.tenant and ask(check, family.list, one).refused
    ][:1]
    looked = 0
    for one in kept_out:
        looked += _made(check, family, person, one)
        thing = make(check, family, Cast(person, None, one))
        if thing is not None:
            check.witness("who has the power sees it", thing.seen, once=True)
            looked += untouched(check, thing, one, f"by a {one.role}")
    return looked


def _made(check: Check, family: Family, person: Identity, one: Identity) -> int:
    """Whether an ordinary person makes something there."""
    maker, marker = family.create, new_marker()
    given = None if maker is None else marked(maker, marker)
    if maker is None or given is None or family.list is None:
        return 0
    answer = ask(check, maker, one, **given)
    if undecided(check, answer):
        return 0
    seen = ask(check, family.list, person)
    key = named(answer, family.key) if answer.ok else ""
    if key:
        thing = Thing(family, Cast(person, None, one), person, {family.key: key}, marker, answer,
                      answer)  # fmt: skip
        keep_for_removal(check, thing, person)
    check.expect(
        marker not in seen.text,
        maker.place(f"by a {one.role}"),
        f"A {one.role} adds to what he may not even look at.",
        answer,
        seen,
        expected="403 or 404, and nothing added",
        seen=f"{answer.status}, and somebody of power finds it",
    )
    return 1


@pytest.mark.control("AUTHZ-11")
def test_who_may_only_read_changes_nothing_by_any_method(check: Check) -> None:
    looked = 0
    for thing, reader in things_with_readers(check):
        looked += untouched(check, thing, reader, f"by a {reader.role}")
    if not looked:
        check.inconclusive("Nothing was found that somebody may read and not change.")


def untouched(check: Check, thing: Thing, one: Identity, part: str) -> int:
    """Expects that somebody's PUT, PATCH, POST and DELETE on a thing leave it as it is."""
    looked, before = 0, thing.seen
    template = f"{thing.family.collection}/{{{thing.family.key}}}"
    for method in ("PATCH", "PUT", "POST", "DELETE"):
        answer = by_method(check, thing, one, method)
        if answer is None or undecided(check, answer):
            continue
        # What was refused outright is looked at together with the next that was not.
        seen = thing.view(check) if answer.ok or method == "DELETE" else before
        if blind(check, thing, seen):
            continue
        looked += 1
        check.expect(
            thing.shows(seen) and not unlike(before, seen),
            Place(operation=f"{method} {template}", part=part),
            f"A {one.role} who may not change it changes a thing by {method}.",
            answer,
            seen,
            expected="403, 404 or 405, and the thing as it was",
            seen=f"{answer.status}, and its owner finds it changed or gone",
        )
        before = seen
    return looked


def by_method(check: Check, thing: Thing, one: Identity, method: str) -> Answer | None:
    """A request to the thing's own address by any method, documented or not."""
    family = thing.family
    known = {
        s.operation.method: s for s in (family.change, family.put, family.delete) if s is not None
    }
    surface = known.get(method)
    if surface is not None:
        given = marked(surface, new_marker()) if surface.operation.bodies else {}
        return None if given is None else ask(check, thing.at(surface), one, **given)
    pattern = family.change or family.create
    given = None if pattern is None else marked(pattern, new_marker())
    address = family.read or family.delete
    if address is None or pattern is None or given is None or "fields" not in given:
        return None
    request = thing.at(address).request(auth=check.sessions.auth(one, address))
    body = pattern.request(fields=given["fields"])
    request = replace(request, method=method, content=body.content)
    request = request.with_headers({"Content-Type": body.header("Content-Type") or ""})
    return check.send(request, identity=one.name)
