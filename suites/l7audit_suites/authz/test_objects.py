"""Somebody else's thing, asked for by its id."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity
from l7audit.probe.answer import Answer
from l7audit.target.persons import Facts, facts_of
from l7audit.target.target_model import Surface
from l7audit_suites.authz.changes import Change, again, changes
from l7audit_suites.authz.existence import altered, told_apart
from l7audit_suites.authz.made_up import like
from l7audit_suites.authz.own_ids import own_reads
from l7audit_suites.authz.people import casts
from l7audit_suites.authz.personal import kept_to_change, kept_to_read
from l7audit_suites.authz.sharing import private_to_read
from l7audit_suites.authz.things import (
    Thing,
    ask,
    keep_for_removal,
    made_things,
    put_back,
    without_people,
)

_NO_STRANGER = "Nothing that could be made is private to its owner."


@pytest.mark.control("AUTHZ-01")
def test_nobody_reads_what_is_another_s(check: Check) -> None:
    looked = 0
    for thing in made_things(check, found=True):
        read = thing.family.read
        for stranger in thing.cast.strangers:
            sure = None if read is None else kept_to_read(check, thing, stranger)
            if read is None or sure is None:
                continue
            answer = thing.view(check, stranger)
            if undecided(check, answer) or _says_so_of_any(check, thing, stranger, answer):
                continue
            looked += 1
            check.expect(
                not thing.shows(answer),
                read.place(relation(thing, stranger)),
                f"{who(thing, stranger)} reads a thing that is another's by its id.",
                answer,
                expected="404 or 403",
                seen=f"{answer.status}, with the text that its owner wrote",
                confidence=sure if thing.marker or sure is Confidence.WEAK else Confidence.STRONG,
                cause=missing_owner(read),
            )
        still_seen(check, thing)
    looked += _by_own_ids(check)
    if not looked:
        check.inconclusive(_NO_STRANGER)


def _by_own_ids(check: Check) -> int:
    """What is read by the id of who may: by somebody else who knows that id."""
    cast, looked = casts(check)[0], 0
    stranger = cast.strangers[0]
    others: Facts | None = None
    for own in own_reads(check, cast.owner):
        others = others or facts_of(check.sessions, stranger)
        if own.value in (*others.person, *others.tenant) or not own.private:
            continue
        answer = ask(check, own.surface, stranger)
        if undecided(check, answer):
            continue
        check.witness("who may reads it by his own id", own.answer, once=True)
        looked += 1
        place = "from another tenant" if own.tenant else "by another user"
        check.expect(
            not own.same(answer),
            own.surface.place(place),
            "Somebody else reads what is kept under an id that is another's own.",
            answer,
            own.answer,
            expected="404 or 403",
            seen=f"{answer.status}, with what the other is told",
            confidence=Confidence.WEAK,  # only words tell that it is not for all
            cause=missing_owner(own.surface),
        )
    return looked


def _says_so_of_any(check: Check, thing: Thing, stranger: Identity, answer: Answer) -> bool:
    """Whether what a thing without a mark is known by is said of things that are not there."""
    if thing.marker or not thing.shows(answer):
        return False
    nobodys = like(thing.id, check.random)
    assert thing.family.read is not None  # it was just looked at
    path = {thing.family.key: nobodys}
    other = ask(check, thing.at(thing.family.read), stranger, path=path)
    return thing.called(nobodys).shows(other)


@pytest.mark.control("AUTHZ-02")
def test_nobody_changes_what_is_another_s(check: Check) -> None:
    looked = 0
    for thing in made_things(check, lambda f: f.change is not None, found=True):
        surface, first = thing.family.change, thing
        changed = _owner_changes(check, thing)
        if surface is None or changed is None:
            continue
        thing, own = changed
        for stranger in thing.cast.strangers:
            theirs = again(thing, surface, thing.seen, own)
            sure = kept_to_change(check, thing, stranger, surface) if theirs else None
            if theirs is None or sure is None:
                continue
            answer = ask(check, thing.at(surface), stranger, **theirs.given)
            if undecided(check, answer):
                continue
            _left_by(check, thing, stranger, answer)
            seen = thing.view(check)
            looked += 1
            check.expect(
                not theirs.shows(thing, seen),
                surface.place(relation(thing, stranger)),
                f"{who(thing, stranger)} changes a thing that is another's.",
                answer,
                seen,
                expected="404 or 403, and the thing as it was",
                seen=f"{answer.status}, and its owner reads what the stranger wrote",
                confidence=sure,
                cause=missing_owner(surface),
            )
            thing = replace(thing, seen=seen)
        if first.found:
            put_back(check, first)
    if not looked:
        check.inconclusive(_NO_STRANGER)


def _owner_changes(check: Check, thing: Thing) -> tuple[Thing, Change] | None:
    """The positive control: the owner's own change is there when the thing is read again."""
    surface = thing.family.change
    for change in changes(thing, surface, thing.seen) if surface is not None else ():
        if change.member and thing.found:
            return None  # only texts are put back
        if surface is None or not ask(check, thing.at(surface), thing.owner, **change.given).ok:
            continue
        seen = thing.view(check)
        if change.shows(thing, seen):
            marker = thing.marker if change.member else change.value
            return replace(thing, marker=marker, seen=seen), change
    return None


def _left_by(check: Check, thing: Thing, stranger: Identity, answer: Answer) -> None:
    """What a PUT of the stranger may have made is his own thing at the same address."""
    if answer.ok and thing.family.put is not None:
        keep_for_removal(check, thing, stranger)


@pytest.mark.control("AUTHZ-03")
def test_nobody_deletes_what_is_another_s(check: Check) -> None:
    looked = 0
    for thing in made_things(check):
        delete = thing.family.delete
        assert delete is not None  # a family without is none
        before = thing.seen
        for stranger in thing.cast.strangers:
            sure = kept_to_change(check, thing, stranger, delete)
            if sure is None:
                continue
            before = thing.view(check)
            answer = ask(check, thing.at(delete), stranger)
            if undecided(check, answer):
                continue
            seen = thing.view(check)
            if blind(check, thing, seen):
                continue
            looked += 1
            check.expect(
                thing.shows(seen) and not altered(thing, before, seen),
                delete.place(relation(thing, stranger)),
                f"{who(thing, stranger)} deletes a thing that is another's.",
                answer,
                seen,
                expected="404 or 403, and the thing as it was",
                seen=f"{answer.status}, and its owner finds it {_fate(thing, seen)}",
                confidence=sure,
                cause=missing_owner(delete),
            )
            before = seen
        _owner_deletes(check, thing, before)
    if not looked:
        check.inconclusive(_NO_STRANGER)


def _fate(thing: Thing, seen: Answer) -> str:
    return "changed" if thing.shows(seen) else "gone"


def _owner_deletes(check: Check, thing: Thing, before: Answer) -> None:
    assert thing.family.delete is not None
    answer = ask(check, thing.at(thing.family.delete), thing.owner)
    if not answer.ok:
        check.observe("The owner could not delete what he made.", answer)
        return
    seen = thing.view(check)
    gone = not thing.shows(seen) or altered(thing, before, seen)
    if before.ok and not gone:
        check.observe("The owner's delete left the thing as it was.", answer, seen)


@pytest.mark.control("AUTHZ-18")
def test_a_refusal_does_not_tell_that_a_thing_exists(check: Check) -> None:
    looked = 0
    for thing in made_things(check, without_people):
        family = thing.family
        for surface in filter(None, (family.read, family.delete)):
            for stranger in thing.cast.strangers:
                if not private_to_read(check, thing, stranger):
                    continue
                pair = told_apart(check, thing, surface, stranger)
                if pair is None:
                    continue
                theirs, nobodys, differences = pair
                looked += 1
                check.expect(
                    not differences,
                    surface.place(relation(thing, stranger)),
                    "The refusal tells that the thing exists: it differs from that for an id "
                    f"which nothing has, by {', '.join(differences)}.",
                    theirs,
                    nobodys,
                    expected="the same answer as for an id that nothing has",
                    seen=f"{theirs.status} for another's thing, {nobodys.status} for none",
                    confidence=_worth_knowing(thing.id),
                    cause=missing_owner(surface),
                )
    if not looked:
        check.inconclusive(_NO_STRANGER)


_COUNTED_OR_DRAWN = re.compile(r"\d+|[0-9a-f-]{16,}", re.IGNORECASE)


def _worth_knowing(identifier: str) -> Confidence:
    """How much it harms that something of that id exists: a name says something of its owner, while
    whoever has a number, or letters that were drawn, learns nothing but that."""
    plain = _COUNTED_OR_DRAWN.fullmatch(identifier)
    return Confidence.WEAK if plain else Confidence.STRONG


def missing_owner(surface: Surface) -> str:
    """The cause of what strangers can do there, whether they are of another tenant or not."""
    return f"{surface.operation.place} does not ask whose it is"


def relation(thing: Thing, stranger: Identity) -> str:
    """How a finding's place names the stranger: the same in every run."""
    return "from another tenant" if thing.cast.is_foreign(stranger) else "by another user"


def who(thing: Thing, stranger: Identity) -> str:
    """The same for the beginning of a sentence."""
    foreign = thing.cast.is_foreign(stranger)
    return f"A {stranger.role or 'user'} of another tenant" if foreign else "Another user"


def undecided(check: Check, answer: Answer) -> bool:
    """Whether an answer neither let the caller in nor turned him away; that is then observed."""
    unclear = answer.status is None or answer.throttled or answer.status >= 500
    if unclear:
        check.observe("A stranger's request got no decision.", answer)
    return unclear


def blind(check: Check, thing: Thing, answer: Answer) -> bool:
    """Whether the owner's own look told nothing: a refusal of him is not the loss of his thing,
    unless he is let in beside it and finds it no more, where a target says both alike."""
    if not answer.refused:
        return undecided(check, answer)
    listing = thing.listed(check, thing.owner)
    if listing is not None and listing.ok and not thing.named_in(listing):
        return False
    check.observe("The owner could not look at what is his.", answer)
    return True


def still_seen(check: Check, thing: Thing) -> None:
    """The witness after the probes: what nobody could read was there all the time."""
    check.witness("the owner still sees it", thing.named_in(thing.view(check)), once=True)
