"""Amounts: how much nobody can mean is not booked, kept or given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind
from l7audit.probe.answer import Answer
from l7audit.target.target_model import Surface
from l7audit_suites.flow.amounts import BEYOND, Amount, kept, shown, taken, turned, unequal
from l7audit_suites.flow.orders import Desk, pairs
from l7audit_suites.flow.standing import THING, Ledger, Numbers, Standing, acted, moved, standing

_MOST_SURFACES = 8
_MOST_AMOUNTS = 3


@dataclass(frozen=True, slots=True)
class Room:
    """An operation that took a sensible amount, and what that moved for those two."""

    desk: Desk
    surface: Surface
    amount: Amount
    body: Any = field(repr=False)
    ledger: Ledger
    effect: Numbers


@pytest.mark.control("FLOW-01")
def test_no_amount_is_taken_that_makes_no_sense(check: Check) -> None:
    looked = 0
    desks = [Desk(check, pair) for pair in pairs(check)]
    people = {i.name: i for d in desks for i in (d.pair.owner, d.pair.other) if i is not None}
    accounts = {name: standing(check, i) for name, i in people.items()}
    for surface in check.surfaces(Kind.AMOUNT_TAKING, limit=_MOST_SURFACES):
        for room in _rooms(check, surface, desks, accounts):
            looked += 1
            for what, value in room.amount.senseless(room.amount.plain()):
                # What would fill an account can't be given back.
                if value != BEYOND or not room.effect:
                    _tried(check, room, what, value)
    if not looked:
        check.inconclusive("No identity of the profile could have a sensible amount taken.")


def _rooms(
    check: Check,
    surface: Surface,
    desks: Sequence[Desk],
    accounts: Mapping[str, Standing | None],
) -> Iterator[Room]:
    """The amounts of an operation, with the first caller who has a sensible one taken."""
    for desk in desks:
        both = (i for i in (desk.pair.owner, desk.pair.other) if i is not None)
        seen = [a for i in both if (a := accounts[i.name]) is not None]
        ready = desk.ready(surface) if accounts[desk.pair.owner.name] is not None else None
        if ready is None:
            continue
        ledger = Ledger(seen, acted(check, ready, desk.pair.owner))
        for body in desk.bodies(ready):
            known = taken(ready.operation, body)[:_MOST_AMOUNTS]
            rooms = [r for a in known if (r := _room(check, desk, ready, a, body, ledger))]
            yield from rooms
            if rooms or not known:
                return


def _room(
    check: Check,
    desk: Desk,
    surface: Surface,
    amount: Amount,
    body: Any,
    ledger: Ledger,
) -> Room | None:
    """None where a sensible amount is refused."""
    plain = amount.into(body, amount.plain())
    before = ledger.before()
    answer = desk.send(surface, plain)
    if not answer.ok:
        return None
    check.witness("a sensible amount is taken", answer, once=True)
    value = float(amount.plain())
    change = moved(before, ledger.after())
    # Of a thing only what moves by the amount is meant by it: it may count what is done to it.
    effect = {k: v for k, v in change.items() if not k.startswith(THING) or abs(v) == value}
    return Room(desk, surface, amount, plain, ledger, effect)


def _tried(check: Check, room: Room, what: str, value: float | int) -> None:
    place = room.surface.place(f"body {room.amount.label}")
    before = room.ledger.before()
    answer = room.desk.send(room.surface, room.amount.into(room.body, value))
    if not answer.ok:
        check.expect(True, place, "")
        return
    again = room.desk.again(room.surface, answer)
    found = _judged(answer, room, value, again, moved(before, room.ledger.after()))
    check.expect(
        found is None,
        place,
        f"An amount that makes no sense ({what}: {value}) is taken.",
        answer,
        expected="a refusal, or nothing of it kept",
        seen=found[1] if found else "",
        confidence=found[0] if found else Confidence.CONFIRMED,
    )


def _judged(
    answer: Answer, room: Room, value: float | int, again: Sequence[Any], change: Numbers
) -> tuple[Confidence, str] | None:
    """What shows that it was taken: never the answer alone where anything can be read."""
    if other_way := turned(room.effect, change):
        return Confidence.CONFIRMED, f"{other_way[0]} moved the other way"
    if unequal(room.effect, change):
        return Confidence.CONFIRMED, "what one lost is not what the other got"
    name, exact = room.amount.name, value == int(value) or room.amount.whole
    if exact and kept([n for thing in again for n in shown(thing, name)], value):
        # Where the document is silent less than nothing may be meant, as little as that is likely.
        sure = room.amount.more_than_nothing or (room.amount.whole and value != int(value))
        confidence = Confidence.CONFIRMED if sure or value == BEYOND else Confidence.STRONG
        return confidence, f"what was made shows {name}: {value}"
    seen = shown(answer.json_or_none(), name)
    if exact and not again and not room.effect and kept(seen, value):
        return Confidence.WEAK, "the answer repeats it; nothing else can be read"
    return None
