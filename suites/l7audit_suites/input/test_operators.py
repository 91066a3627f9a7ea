"""Values that are more than values: operators, prototypes, serialised objects."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.input.baselines import taking
from l7audit_suites.input.entrances import Entrance, entrance, with_operator
from l7audit_suites.input.ground import ask_all, word
from l7audit_suites.input.hunt import answered, free, misfits
from l7audit_suites.input.inlets import Inlet, planted
from l7audit_suites.input.listener import listening
from l7audit_suites.input.lookups import Lookup, ignored, lookups
from l7audit_suites.input.pairs import OPERATORS, Pair, Told, decides, differs
from l7audit_suites.input.parts import Reach, reach
from l7audit_suites.input.serialised import as_opaque, as_text, looks_opaque

_ENOUGH = 2
"""Refusals of operators after which no other is tried."""


@pytest.mark.control("INPUT-06")
def test_an_operator_of_a_document_database_is_no_value(check: Check) -> None:
    ground = reach(check, stocked=True, acting=False)
    inlets = free(check, [i for i in ground.questions if not i.sorts], needed=False)
    first = inlets[0] if inlets else None
    if first is not None:
        check.witness("a harmless text is looked for", lambda: first.ask(word()))
    inlets += [i for i in ground.lookups if i not in ground.questions and not i.sorts]
    door = entrance(check)
    if not inlets and door is None:
        check.not_applicable(
            "Nobody logs in, and no call that changes nothing takes any text to look for."
        )
    if door is not None:
        check.witness("the right password opens", door.opened(door.answer))
        _opens_for_no_operator(check, door)
    _names_are_no_lookups(check, ground)
    guilty = _deciding(check, inlets)
    for inlet in inlets:
        check.expect(
            inlet.place not in guilty,
            inlet.place,
            "an operator of a document database in this input decides what is answered",
            *guilty.get(inlet.place, ()),
            expected="a refusal, or the same answer whatever the operator says",
            seen="one answer where the operator fits all and another where it fits none, twice",
            confidence=Confidence.STRONG,
        )


def _deciding(check: Check, inlets: Sequence[Inlet]) -> dict[Place, tuple[Answer, ...]]:
    """The inlets where an operator decides, with the answers that show it.

    What fits nothing is only asked where what fits everything was answered. What has refused two
    operators of different families for their form takes none; and a parameter with brackets that
    was answered, whatever it said, is none that is looked at.
    """
    guilty: dict[Place, tuple[Answer, ...]] = {}
    refusals: Counter[Place] = Counter()
    for forms in OPERATORS:
        open_ = [i for i in inlets if i.place not in guilty and refusals[i.place] < _ENOUGH]
        pairs = [_pair(forms) for _ in open_]
        trues = ask_all(check, [_with(i, p.true) for i, p in zip(open_, pairs, strict=True)])
        refusals.update(i.place for i, a in zip(open_, trues, strict=True) if misfits(a))
        held = [(i, p, a) for i, p, a in zip(open_, pairs, trues, strict=True) if a.ok]
        falses = ask_all(check, [_with(i, p.false) for i, p, _ in held])
        for (inlet, pair, true), false in zip(held, falses, strict=True):
            told = Told(pair, true, false)
            if differs(told) and (shown := _again(inlet, forms, told)):
                guilty[inlet.place] = shown
            elif inlet.where == "query" and true.status == false.status:
                refusals[inlet.place] = _ENOUGH
    return guilty


def _opens_for_no_operator(check: Check, door: Entrance) -> None:
    """Expects that no operator in the place of a password, or of both, lets somebody in."""
    name, password = door.credential.name, word()
    plain = door.request(name, password)
    shown: list[Answer] = []
    for operator in ({"$ne": password}, {"$gt": ""}):
        for places in ((password,), (name, password)):
            true = with_operator(plain, dict.fromkeys(places, operator))
            false = with_operator(plain, {place: {"$eq": password} for place in places})
            if shown or true is None or false is None:
                continue
            let_in, kept_out = door.send(true), None
            if door.opened(let_in):
                kept_out = door.send(false)
                shown = [] if door.opened(kept_out) else [let_in, kept_out]
    check.expect(
        not shown,
        door.place,
        "an operator of a document database in the place of a password lets somebody in",
        *shown,
        expected="a refusal, as of a wrong password",
        seen="a session where the operator fits any password, and none where it fits none",
    )


def _pair(forms: tuple[str, str]) -> Pair:
    return Pair(*(form.format(word=word()) for form in forms))


def _again(inlet: Inlet, forms: tuple[str, str], first: Told) -> tuple[Answer, ...]:
    """The answers that show it, where a second pair says the same; none where it does not."""
    pair = _pair(forms)
    sent = [inlet.caller.send(_with(inlet, text)) for text in (pair.true, pair.false)]
    second = Told(pair, *sent)
    shown = decides(first, second) and first.true.ok and answered(first.false)
    return (first.true, first.false, second.true, second.false) if shown else ()


def _with(inlet: Inlet, text: str) -> Request:
    """An operator in the inlet: an object in JSON, brackets after a parameter's name."""
    ((operator, value),) = json.loads(text).items()
    if inlet.where != "query":
        return inlet.request({operator: value})
    plain = value[0] if isinstance(value, list) else value
    auth = inlet.caller.auth(inlet.surface)
    return inlet.surface.request(auth, query={f"{inlet.name}[{operator}]": plain})


def _not_ignored(check: Check, tried: Iterable[Lookup]) -> Iterator[Lookup]:
    """The lookups that are worth trying one by one."""
    for _, alike in groupby(tried, lambda one: (one.door.surface.place(), one.above)):
        group = list(alike)
        if ignored(group):
            check.expect(True, group[0].door.surface.place(), "")
        else:
            yield from group


def _names_are_no_lookups(check: Check, ground: Reach) -> None:
    """Expects that no undeclared member is read as a lookup by its name."""
    guilty: set[Place] = set()
    for lookup in _not_ignored(check, lookups(ground.doors)):
        place = lookup.door.surface.place()
        shown = () if place in guilty else lookup.shown()
        guilty |= {place} if shown else set()
        check.expect(
            not shown,
            place,
            "the name of a member that no document tells of becomes a lookup of the database",
            *shown,
            expected="a refusal, or the same answer whatever such a member says",
            seen="other things for what all begin with than for what none does, twice",
            confidence=Confidence.STRONG,
        )


@pytest.mark.control("INPUT-12")
def test_no_input_is_turned_into_an_object_that_acts(check: Check) -> None:
    ground = reach(check, acting=False)
    rooms = [(room, found) for room in ground.rooms if (found := taking(room))]
    with listening() as listener:
        tried: list[tuple[str, Any, Answer]] = []
        opaque = [i for i in ground.asking if looks_opaque(i.name, i.schema)]
        wanted = [(i, f) for i in opaque for f in as_opaque("")]
        paths = [listener.path() for _ in wanted]
        requests = [
            i.request(as_opaque(f"{listener.origin}{p}")[f])
            for (i, f), p in zip(wanted, paths, strict=True)
        ]
        answers = ask_all(check, requests)
        tried += zip(paths, (i.place for i, _ in wanted), answers, strict=True)
        for room, inlets in rooms:
            for form in as_text(""):
                path = listener.path()
                text = as_text(f"{listener.origin}{path}")[form]
                made = planted(room, inlets, text)
                tried.append((path, room.surface.place(), made.answer))
        if not tried:
            check.not_applicable("No text of the target is opaque, and nothing can be made.")
        for path, place, answer in tried:
            check.expect(
                not listener.visited(path),
                place,
                "a serialised object within this input is built, and acts",
                answer,
                expected="a refusal, or a text",
                seen="a visit at a listener of ours, which building the object makes",
            )
