"""What is done to a thing in an order: nothing before what must come first, nothing paid twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind
from l7audit.target.target_model import Surface
from l7audit.target.words import says, words
from l7audit_suites.authz.families import Family, seen_families
from l7audit_suites.authz.people import admin_roles, casts_of
from l7audit_suites.authz.things import Thing, make
from l7audit_suites.flow.acts import Life, acts_of
from l7audit_suites.flow.preconditions import Condition, called, conditions, states
from l7audit_suites.flow.standing import moved, standing
from l7audit_suites.flow.usual_order import Usual, lacks, tells, usual, went_on

_MOST = 4
_MOST_USUAL = 2
_TOO_LATE = {400, 403, 404, 409, 410, 422}
_PAYS = ("pay", "payment", "charge", "settle", "settlement", "purchase")
_BACK = (
    "refund",
    "reimburse",
    "payout",
    "pay out",
    "cancel",
    "return",
    "claim",
    "redeem",
    "reward",
)
_MONEY = (*_PAYS, *_BACK)


@pytest.mark.control("FLOW-02")
def test_nothing_is_done_before_what_the_document_says_must_come_first(check: Check) -> None:
    asked = [
        (family, condition)
        for family in seen_families(check.model)
        for condition in conditions(acts_of(family), _states(family))
    ]
    if not asked:
        check.not_applicable("The document says of nothing what must come before it.")
    looked = sum(_kept(check, family, condition) for family, condition in asked[:_MOST])
    if not looked:
        check.inconclusive("Nothing could be brought to where the document wants it to be first.")


def _states(family: Family) -> tuple[str, ...]:
    shown = family.read or family.list
    return states(shown.operation.answer_schema) if shown is not None else ()


def _lives(check: Check, family: Family) -> Iterator[Life]:
    """A new thing of the first who may make one."""
    for cast in casts_of(check.identities, admin_roles(check)):
        thing: Thing | None = make(check, family, cast)
        if thing is not None:
            yield Life(check, thing, _states(family))
            return


def _kept(check: Check, family: Family, condition: Condition) -> bool:
    """Whether it could be tried: too early, and, where that was refused, in time."""
    for life in _lives(check, family):
        acts = acts_of(family)
        if condition.first is not None:
            _before(life, condition, family)
        state, shown = life.look()
        if condition.first is None and not _earlier(life, state, condition.state):
            return False
        answer = life.do(condition.act)
        after, then = life.look()
        early = answer.ok and then != shown
        check.expect(
            not early,
            condition.act.place("too early"),
            f"It is done without what the document says must come first: {condition.told}.",
            answer,
            expected="a refusal, as long as that has not happened",
            seen=f"{answer.status}, and the thing went from {state} to {after}"
            if after != state
            else f"{answer.status}, and the thing was changed",
            confidence=Confidence.CONFIRMED if after != state else Confidence.STRONG,
        )
        if early:
            return True
        if answer.ok:
            check.observe("It is answered with success and changes nothing.", answer)
            return False
        return _in_time(life, condition, [a for a in acts if a is not condition.act])
    return False


def _earlier(life: Life, state: str, wanted: str) -> bool:
    known = list(life.known)
    return state in known and known.index(state) < known.index(wanted)


def _before(life: Life, condition: Condition, family: Family) -> None:
    """What the document lists before both, and is not what must come first."""
    for act in acts_of(family):
        if act is condition.first or act is condition.act:
            return
        life.do(act)


def _in_time(life: Life, condition: Condition, others: list[Surface]) -> bool:
    """Whether it is done once what must come first was: the witness of the refusal."""
    for act in [condition.first] if condition.first is not None else others:
        life.do(act, anybody=True)
        if condition.first is None and life.look()[0] == condition.state:
            break
    answer = life.do(condition.act, anybody=True)
    if answer.ok:
        life.check.witness("it is done once what must come first was", answer, once=True)
    return answer.ok


@pytest.mark.control("FLOW-02")
def test_what_is_handed_out_is_not_had_around_what_it_costs(check: Check) -> None:
    asked = [(f, order) for f in seen_families(check.model) for order in _usual(f)]
    if not asked:
        check.not_applicable("No thing has acts that usually come one after the other.")
    looked = sum(_not_skipped(check, family, order) for family, order in asked[:_MOST_USUAL])
    if not looked:
        check.inconclusive("Nothing of ours could be done in its usual order.")


def _usual(family: Family) -> Iterator[Usual]:
    acts, known = acts_of(family), _states(family)
    yield from usual(acts, [c.act.operation for c in conditions(acts, known)])


def _not_skipped(check: Check, family: Family, order: Usual) -> bool:
    """Whether it could be tried: on one thing in the usual order, and on another without what
    comes first, which then can't be made good any more."""
    first = order.first.operation
    for life in _lives(check, family):
        if not life.do(order.first, anybody=True).ok or not (done := life.do(order.then)).ok:
            return False
        check.witness("it is done once what usually comes first was", done, once=True)
    for life in _lives(check, family):
        _, before = life.look()
        early = life.do(order.then)
        _, after = life.look()
        state = went_on(before, after) if early.ok else ""
        skipped = bool(state) and not tells(before, first) and not tells(after, first)
        late = life.do(order.first, anybody=True) if skipped else None
        _, final = life.look() if late is not None else ("", after)
        lost = late is not None and late.status in _TOO_LATE and not tells(final, first)
        check.expect(
            not lost,
            order.then.place(f"without {first.place}"),
            f"It is done without what usually comes first, and then that can't be: {first.place}.",
            early,
            *([late] if late is not None else []),
            expected="a refusal, or the thing as one for which that is still due",
            seen=f"{early.status}, the thing is {state}, and what was left out is refused",
            confidence=Confidence.STRONG if lacks(after, first, life.known) else Confidence.WEAK,
        )
        return True
    return False


@pytest.mark.control("FLOW-02")
def test_what_a_thing_brings_or_costs_it_does_once(check: Check) -> None:
    families = [f for f in seen_families(check.model) if _moves(f)][:_MOST]
    if not families:
        check.not_applicable("Nothing can be done to a thing that could bring or cost something.")
    looked = sum(_once(check, family) for family in families)
    if not looked:
        check.inconclusive("Nothing that was done to a thing of ours brought or cost anything.")


def _moves(family: Family) -> bool:
    return any(says(called(a.operation), *_MONEY) for a in acts_of(family))


def _once(check: Check, family: Family) -> bool:
    looked = False
    for life in _lives(check, family):
        account = standing(check, life.owner)
        if account is None or not account.reads:
            return False
        now = account.now()
        # What else is done to a thing may leave nothing to be given back.
        for act in sorted(acts_of(family), key=lambda a: not says(called(a.operation), *_MONEY)):
            if Kind.AMOUNT_TAKING in act.kinds:
                continue  # another part of it may be meant
            first = life.do(act)
            before, now = now, account.now() if first.ok else now
            effect = moved(before, now)
            if not effect:
                continue
            check.witness("it brings or costs something once", first, once=True)
            looked = True
            second = life.do(act)
            before, now = now, account.now() if second.ok else now
            twice = [k for k, v in moved(before, now).items() if effect.get(k) == v]
            said = says((*called(act.operation), *words(act.operation.told)), *_MONEY)
            check.expect(
                not twice,
                act.place("again"),
                "What is done to a thing once has its effect again when it is done again.",
                first,
                second,
                expected="a refusal, or a repetition that changes nothing",
                seen=f"{twice[0]} moved by as much again" if twice else "",
                confidence=Confidence.CONFIRMED if said else Confidence.WEAK,
            )
    return looked
