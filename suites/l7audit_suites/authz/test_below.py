"""What belongs to a thing, and what can be done with it, is as closed as the thing itself."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target.target_model import Surface
from l7audit_suites.authz.existence import unlike
from l7audit_suites.authz.families import families
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.sharing import private_to_change, private_to_read
from l7audit_suites.authz.test_objects import blind, relation, undecided, who
from l7audit_suites.authz.things import (
    Thing,
    ask,
    keep_for_removal,
    learn_secrets,
    made_things,
    make,
    named,
)

_MOST_ACTIONS = 3
_OWN_PARENT = "below a thing of one's own"


@pytest.mark.control("AUTHZ-06")
def test_what_lies_below_another_s_thing_is_closed_too(check: Check) -> None:
    looked = 0
    for thing in made_things(check, lambda f: f.nested or bool(_actions(f.below))):
        for stranger in thing.cast.strangers:
            if thing.family.nested and private_to_change(check, thing, stranger):
                looked += _added(check, thing, stranger)
            if thing.family.nested and private_to_read(check, thing, stranger):
                looked += _by_another_way(check, thing, stranger)
        looked += sum(_action(check, thing, s) for s in _actions(thing.family.below))
    if not looked:
        check.inconclusive("Nothing below a thing could be tried by a stranger.")


def _actions(surfaces: tuple[Surface, ...]) -> list[Surface]:
    """Operations of one thing that call nobody else: those would be called by us."""
    return [s for s in surfaces if Kind.URL_TAKING not in s.kinds and _inward(s)][:_MOST_ACTIONS]


def _inward(surface: Surface) -> bool:
    return surface.operation.media_type in {"", "application/json"}


def _added(check: Check, thing: Thing, stranger: Identity) -> int:
    """A stranger puts something below another's thing."""
    maker, marker = thing.family.create, new_marker()
    given = None if maker is None else marked(maker, marker)
    if maker is None or given is None or thing.family.list is None:
        return 0
    answer = ask(check, thing.at(maker), stranger, **given)
    if undecided(check, answer):
        return 0
    seen = ask(check, thing.at(thing.family.list), thing.owner)
    check.expect(
        marker not in seen.text,
        maker.place(relation(thing, stranger)),
        f"{who(thing, stranger)} adds something to a thing that is another's.",
        answer,
        seen,
        expected="404 or 403, and nothing added",
        seen=f"{answer.status}, and its owner reads what the stranger wrote",
    )
    return 1


def _by_another_way(check: Check, thing: Thing, stranger: Identity) -> int:
    """A stranger names his own parent and another's child: both must belong together."""
    family = thing.family
    parent = next(f for f in families(check.model) if f.collection == family.parent)
    own = make(check, parent, thing.cast, stranger)
    if own is None:
        return 0
    path, looked = {parent.key: own.id}, 0
    if family.read is not None:
        answer = ask(check, thing.at(family.read), stranger, path=path)
        looked += not undecided(check, answer)
        check.expect(
            not thing.shows(answer),
            family.read.place(_OWN_PARENT),
            "What lies below another's thing is read through a thing of one's own.",
            answer,
            expected="404, since it does not lie there",
            seen=f"{answer.status}, with the text that its owner wrote",
        )
    assert family.delete is not None
    answer = ask(check, thing.at(family.delete), stranger, path=path)
    seen = thing.view(check)
    if undecided(check, answer) or blind(check, thing, seen):
        return looked
    check.expect(
        thing.shows(seen),
        family.delete.place(_OWN_PARENT),
        "What lies below another's thing is deleted through a thing of one's own.",
        answer,
        seen,
        expected="404, and everything as it was",
        seen=f"{answer.status}, and its owner finds it gone",
    )
    return looked + 1


def _action(check: Check, thing: Thing, surface: Surface) -> int:
    """An action of another's thing: nothing may come of it that its owner sees."""
    looked, before = 0, thing.view(check)
    for stranger in thing.cast.strangers:
        if not private_to_change(check, thing, stranger):
            continue
        answer = ask(check, thing.at(surface), stranger)
        if undecided(check, answer):
            continue
        _tidy(check, thing, answer)
        seen = thing.view(check)
        if blind(check, thing, seen) or blind(check, thing, before):
            before = seen
            continue
        looked += 1
        check.expect(
            not thing.named_in(answer) and not unlike(before, seen),
            surface.place(relation(thing, stranger)),
            f"{who(thing, stranger)} acts on a thing that is another's.",
            answer,
            seen,
            expected="404 or 403, and the thing as it was",
            seen=f"{answer.status}, and the thing was acted on",
        )
        before = seen
    own = ask(check, thing.at(surface), thing.owner)
    _tidy(check, thing, own)
    if not own.ok:
        check.observe("The owner's own action was not accepted.", own)
        return 0
    return looked


def _tidy(check: Check, thing: Thing, answer: Answer) -> None:
    """What an action made of the thing, such as its successor, is removed as the thing is."""
    learn_secrets(check, answer)
    made = named(answer, thing.family.key) if answer.ok else ""
    if made and made != thing.id:
        keep_for_removal(check, thing.called(made), thing.owner)
