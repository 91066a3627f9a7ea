"""Functions of power: reads, changes and whole collections that ordinary people are kept out of."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target.target_model import Surface
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authz.acts import Act, acts, bodies, changed, harmless
from l7audit_suites.authz.closed import let_in
from l7audit_suites.authz.contents import subject
from l7audit_suites.authz.families import Family, families
from l7audit_suites.authz.house import changes_of_the_house
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.people import Cast, admin_roles, by_role
from l7audit_suites.authz.power import functions_of_power, kept_to_some
from l7audit_suites.authz.promotion import raised
from l7audit_suites.authz.test_functions import untouched
from l7audit_suites.authz.test_objects import undecided
from l7audit_suites.authz.things import Thing, ask, keep_for_removal, make, opened
from l7audit_suites.authz.told import named
from l7audit_suites.authz.untold_parts import untold_parts_are_closed
from l7audit_suites.authz.untold_routes import (
    closed_folders,
    folder_of,
    untold_routes_beside,
    untold_routes_of_power,
)

_MOST_READS = 6
_MOST_ACTS = 5
_MOST_ALONE = 2
_MOST_PEOPLE = 3
_DONE_ALREADY = 409


@pytest.mark.control("AUTHZ-10")
def test_functions_of_power_are_closed_to_ordinary_roles(check: Check) -> None:
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    looked = raised(check, ordinary[0]) if ordinary else 0
    if ordinary and not powerful:
        looked += _nobody_of_power_known(check, ordinary[0])
    if not powerful or not ordinary:
        if looked:
            return
        if check.model.surfaces(Kind.ADMIN, limit=1):
            check.inconclusive("The profile gives no identity of power, or none without.")
        check.not_applicable("Neither the document nor the profile tells of roles of power.")
    theirs = functions_of_power(check, ordinary, powerful)
    reads = [s for s in theirs if _plain_read(s)]
    looked += sum(_read(check, s, ordinary, powerful) for s in reads[:_MOST_READS])
    for surface in [s for s in theirs if harmless(s)][:_MOST_ACTS]:
        everybodys = kept_to_some(surface.operation)
        looked += _acted(check, surface, ordinary[0], powerful[0], own=not everybodys)
    known = [s.operation.place for s in theirs]
    for surface in changes_of_the_house(check, ordinary[0], known):
        looked += _acted(check, surface, ordinary[0], powerful[0], own=False)
    for family in families(check.model):
        if not family.nested and family.list is not None:
            looked += _managed(check, family, ordinary, powerful)
    looked += untold_routes_of_power(check, ordinary[0], powerful[0])
    looked += untold_routes_beside(
        check, ordinary[0], closed_folders(check, ordinary[0], powerful[:1], theirs)
    )
    looked += untold_parts_are_closed(check, ordinary[0])
    if not looked:
        check.inconclusive("No function was found that is open to a role of power alone.")


def _nobody_of_power_known(check: Check, one: Identity) -> int:
    """What can be looked at with ordinary people alone: what lies where they are refused all that
    could be asked for, and what the document keeps to some."""
    folders = closed_folders(check, one)
    if folders:
        check.witness("the caller is let in elsewhere", let_in(check, one), once=True)
    looked = untold_routes_beside(check, one, folders)
    kept = [
        check.model.surface(o)
        for o in check.model.operations
        if not o.public and (folder_of(o.template) in folders or kept_to_some(o))
    ]
    for surface in [s for s in kept if harmless(s)][:_MOST_ALONE]:
        inside = folder_of(surface.operation.template) in folders
        sure = Confidence.STRONG if inside else Confidence.WEAK
        looked += _tried_alone(check, surface, one, sure)
    return looked


def _tried_alone(check: Check, surface: Surface, one: Identity, sure: Confidence) -> int:
    """Whether an ordinary caller's use of a function on what is his own has an effect, where nobody
    is known who may; that it is somebody else's is `sure` by its document or what is beside it."""
    for act in acts(check, surface, one, one):
        before = act.looks(check)
        if not any(look.ok for look in before):
            continue
        check.witness("what it is done to is seen", True, once=True)
        body, *_ = bodies(surface, check.random)
        if _taken(check, act, one, before, body, sure) is None:
            check.expect(True, surface.place(f"by a {one.role}"), "")
        return 1
    return 0


def _acted(
    check: Check, surface: Surface, one: Identity, person: Identity, *, own: bool = True
) -> int:
    """Whether an ordinary caller's use of a function has the effect that it has for who may; on
    what may be his own, unless that would be his right."""
    spent = False
    for act in acts(check, surface, person, one, own=own):
        before = act.looks(check)
        first, second, third = bodies(surface, check.random)
        if (spent or first is None) and (
            looked := _taken(check, act, one, before, second if spent else None)
        ) is not None:
            return looked
        if spent:
            check.expect(True, surface.place(f"by a {one.role}"), "")
            return 1
        good = _used(check, act, person, first)
        after = act.looks(check)
        if good.ok and first != second and changed(before, after) is None:
            # It was so already: the next makes a difference.
            first, second, third = second, third, first
            good = _used(check, act, person, first)
            after = act.looks(check)
        if not good.ok or changed(before, after) is None:
            continue
        check.witness("who has the power is let in", good, once=True)
        answer = _used(check, act, one, second)
        if answer.status == _DONE_ALREADY:
            spent = True  # a decision is made once: on the next thing he tries it first
            continue
        if undecided(check, answer):
            continue
        there = changed(after, act.looks(check))
        if there is not None and answer.refused:
            there = None  # somebody else's doing
        # What is done already changes nothing when it is done again: then the answer tells.
        again = there is None and first == second and judge(answer, good) is Seen.ACCEPTED
        check.expect(
            there is None and not again,
            surface.place(f"by a {one.role}"),
            f"A {one.role} does what is there for those of power.",
            answer,
            there or good,
            expected="403 or 404, and everything as it was",
            seen=f"{answer.status}, "
            + ("as who may is answered" if again else "and what it is done to has changed"),
            confidence=Confidence.STRONG if again else Confidence.CONFIRMED,
        )
        _put_back(check, act, person, before, third)
        return 1
    return 0


def _taken(
    check: Check,
    act: Act,
    one: Identity,
    before: list[Answer],
    body: dict[str, Any] | None,
    sure: Confidence = Confidence.CONFIRMED,
) -> int | None:
    """As `_acted` for a step that is taken once, such as an approval: the ordinary caller tries it
    first, since nobody could after him who may. None where it did nothing for him."""
    answer = _used(check, act, one, body)
    if undecided(check, answer):
        return 0
    there = changed(before, act.looks(check)) if answer.ok else None
    if there is None:
        return None
    check.expect(
        False,
        act.surface.place(f"by a {one.role}"),
        f"A {one.role} does what is there for those of power.",
        answer,
        there,
        expected="403 or 404, and everything as it was",
        seen=f"{answer.status}, and what it is done to has changed",
        confidence=sure,
    )
    return 1


def _used(check: Check, act: Act, who: Identity, body: dict[str, Any] | None) -> Answer:
    return ask(check, act.surface, who, **({"json": body} if body is not None else {}))


def _put_back(
    check: Check,
    act: Act,
    person: Identity,
    before: list[Answer],
    body: dict[str, Any] | None,
) -> None:
    """Has who has the power write again what was there, as far as it was shown."""
    if body is None or act.surface.operation.method == "POST":
        return
    known = [str(v) for v in act.surface.values.values()]
    for look in before:
        value = look.json_or_none()
        shown = subject(value, known[-1], "id") if known else value
        if isinstance(shown, dict) and body.keys() <= shown.keys():
            _used(check, act, person, {n: shown[n] for n in body})
            return


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
