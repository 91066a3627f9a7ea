"""What belongs to a thing, and what can be done with it, is as closed as the thing itself."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target.operation import is_json
from l7audit.target.target_model import Surface
from l7audit_suites.authz.existence import altered, unlike
from l7audit_suites.authz.families import Family, seen_families
from l7audit_suites.authz.joining import joinings, lets_in
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.personal import personal
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
from l7audit_suites.authz.told import learn_secrets, named
from l7audit_suites.authz.views import untold, viewed

_MOST_ACTIONS = 3
_MOST_VIEWS = 4
_MOST_UNTOLD = 3
_OWN_PARENT = "below a thing of one's own"


@pytest.mark.control("AUTHZ-06")
def test_what_lies_below_another_s_thing_is_closed_too(check: Check) -> None:
    looked = 0
    # Where nothing stands below any thing by the document, something may all the same.
    some = any(map(_has_a_below, seen_families(check.model)))
    for thing in made_things(check, _has_a_below if some else _is_read, found=True):
        looked += sum(viewed(check, thing, s) for s in thing.family.views[:_MOST_VIEWS])
        for stranger in thing.cast.strangers:
            if thing.family.nested and private_to_change(check, thing, stranger):
                looked += _added(check, thing, stranger)
            if thing.family.nested and private_to_read(check, thing, stranger):
                looked += _found_read(check, thing, stranger)
                looked += _by_another_way(check, thing, stranger)
        if not thing.found:
            looked += sum(_action(check, thing, s) for s in _actions(check, thing.family))
        looked += _let_in(check, thing)
    if any(map(_is_read, seen_families(check.model))):
        for thing in made_things(check, _is_read, most=_MOST_UNTOLD, found=True):
            looked += untold(check, thing)
    if not looked:
        check.inconclusive("Nothing below a thing could be tried by a stranger.")


def _has_a_below(family: Family) -> bool:
    return family.nested or bool([s for s in family.below if _inward(s)] or family.views)


def _is_read(family: Family) -> bool:
    return family.read is not None and not family.people and not family.nested


def _actions(check: Check, family: Family) -> list[Surface]:
    """Operations of one thing that call nobody else, since we would be called, and let nobody in,
    since that is tried by itself."""
    apart = [s.operation for s in joinings(check.model, family)]
    return [s for s in family.below if _inward(s) and s.operation not in apart][:_MOST_ACTIONS]


def _let_in(check: Check, thing: Thing) -> int:
    """A stranger lets himself in, last of all: then what was closed to him may be open."""
    found, strangers = joinings(check.model, thing.family), thing.cast.strangers
    # Nobody is let into what somebody really uses.
    own = make(check, thing.family, thing.cast) if found and thing.found else thing
    if own is None:
        return 0
    return sum(lets_in(check, own, surface, one) for surface in found for one in strangers[:1])


def _inward(surface: Surface) -> bool:
    media = surface.operation.media_type
    return Kind.URL_TAKING not in surface.kinds and (not media or is_json(media))


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


def _found_read(check: Check, thing: Thing, stranger: Identity) -> int:
    """A stranger reads what was found below another's thing; what can be made AUTHZ-01 reads."""
    read = thing.family.read
    if read is None or not thing.found:
        return 0
    answer = ask(check, thing.at(read), stranger)
    if undecided(check, answer):
        return 0
    check.expect(
        not thing.shows(answer),
        read.place(relation(thing, stranger)),
        f"{who(thing, stranger)} reads what lies below a thing that is another's.",
        answer,
        expected="404 or 403",
        seen=f"{answer.status}, with what its owner reads there",
        confidence=Confidence.CONFIRMED if thing.marker else Confidence.STRONG,
    )
    return 1


def _by_another_way(check: Check, thing: Thing, stranger: Identity) -> int:
    """A stranger names his own parent and another's child: both must belong together."""
    family = thing.family
    parent = next((f for f in seen_families(check.model) if f.collection == family.parent), None)
    # What has an address of its own, or lies below what is nobody's, has no other way to it.
    known = parent is not None and "{" in family.collection
    own = made_or_found(check, parent, thing.cast, stranger) if known and parent else None
    if own is None:
        return 0
    # Each part of the way there may be taken for granted once the one above it was looked at.
    names = list(own.values)
    return sum(
        _by_way_of(check, thing, stranger, {n: own.values[n] for n in names[:count]})
        for count in range(1, len(names) + 1)
    )


def _by_way_of(check: Check, thing: Thing, stranger: Identity, path: Mapping[str, str]) -> int:
    family, looked = thing.family, 0
    if family.read is not None:
        answer = ask(check, thing.at(family.read), stranger, path=path)
        if not undecided(check, answer):
            looked += 1
            check.expect(
                not thing.shows(answer),
                family.read.place(_OWN_PARENT),
                "What lies below another's thing is read through a thing of one's own.",
                answer,
                expected="404, since it does not lie there",
                seen=f"{answer.status}, with the text that its owner wrote",
            )
    looked += _changed_by_another_way(check, thing, stranger, path)
    if family.delete is None or thing.found:
        return looked
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


def _changed_by_another_way(
    check: Check, thing: Thing, stranger: Identity, path: Mapping[str, str]
) -> int:
    """The same for a change: nothing of it may be there when the owner looks."""
    change, marker = thing.family.change, new_marker()
    given = None if change is None or thing.found else marked(change, marker)
    if change is None or given is None:
        return 0
    answer = ask(check, thing.at(change), stranger, path=path, **given)
    seen = thing.view(check)
    if undecided(check, answer) or (not answer.ok and blind(check, thing, seen)):
        return 0
    check.expect(
        marker not in seen.text,
        change.place(_OWN_PARENT),
        "What lies below another's thing is changed through a thing of one's own.",
        answer,
        seen,
        expected="404, and everything as it was",
        seen=f"{answer.status}, and its owner reads what the stranger wrote",
    )
    return 1


def _action(check: Check, thing: Thing, surface: Surface) -> int:
    """An action of another's thing: nothing may come of it that its owner sees."""
    looked, before = 0, thing.view(check)
    told = _told_there(check, thing, surface)
    for stranger in thing.cast.strangers:
        sure = Confidence.CONFIRMED if private_to_change(check, thing, stranger) else None
        sure = sure or personal(check, thing, stranger)
        if sure is None:
            continue
        marker = new_marker()
        given = (marked(surface, marker) or {}) if surface.operation.bodies else {}
        answer = ask(check, thing.at(surface), stranger, **given)
        if undecided(check, answer):
            continue
        _tidy(check, thing, answer)
        seen = thing.view(check)
        if blind(check, thing, seen) or blind(check, thing, before):
            before = seen
            continue
        looked += 1
        there = _told_there(check, thing, surface)
        written = there is not None and marker in there.text
        added = told is not None and there is not None and answer.ok and unlike(told, there)
        check.expect(
            not (thing.named_in(answer) or altered(thing, before, seen) or written or added),
            surface.place(relation(thing, stranger)),
            f"{who(thing, stranger)} acts on a thing that is another's.",
            answer,
            there if (written or added) and there is not None else seen,
            expected="404 or 403, and the thing as it was",
            seen=f"{answer.status}, and the thing was acted on",
            confidence=sure,
        )
        before, told = seen, there
    own = ask(check, thing.at(surface), thing.owner)
    _tidy(check, thing, own)
    if not own.ok:
        check.observe("The owner's own action was not accepted.", own)
        return 0
    return looked


def _told_there(check: Check, thing: Thing, surface: Surface) -> Answer | None:
    """What the owner reads at the address of an action; None where nothing is read there."""
    template = surface.operation.template
    reads = (v for v in thing.family.views if v.operation.template == template)
    view = next(reads, None)
    return None if view is None else ask(check, thing.at(view), thing.owner)


def _tidy(check: Check, thing: Thing, answer: Answer) -> None:
    """What an action made of the thing, such as its successor, is removed as the thing is."""
    learn_secrets(check, answer)
    made = named(answer, thing.family.key) if answer.ok else ""
    if made and made != thing.id:
        keep_for_removal(check, thing.called(made), thing.owner)
