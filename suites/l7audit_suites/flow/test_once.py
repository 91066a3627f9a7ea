"""What is good for one time: one after the other, and at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.schemas import properties
from l7audit.target.target_model import Surface
from l7audit.target.words import says, words
from l7audit_suites.authn.leaves import texts
from l7audit_suites.authz.people import admin_roles, in_use, powerful
from l7audit_suites.flow.at_once import warmed
from l7audit_suites.flow.fresh_people import fresh_people
from l7audit_suites.flow.orders import Desk, Pair, moments, pairs
from l7audit_suites.flow.said_codes import said_codes
from l7audit_suites.flow.standing import Numbers, Standing, moved, standing

AT_ONCE = 8
ROUNDS = 3
"""Races that are held: two requests may miss each other once."""

_MOST = 5
_EACH = ("each", "per", "every", "a customer", "a user", "a member", "an account")


@dataclass(slots=True)
class Turn:
    """An action that is meant for once, as one person does it. `code` is the member that takes
    what is used up, and `maker` the operation that gives a new one; without, it is used up for
    the person. `said` are codes that the target itself tells, the next to be tried first."""

    desk: Desk
    surface: Surface
    account: Standing
    code: str
    maker: Surface | None
    made: list[str] = field(default_factory=list, repr=False)
    said: list[str] = field(default_factory=list, repr=False)

    @property
    def check(self) -> Check:
        return self.desk.check

    def body(self) -> Any:
        """A body that was not used before; None where no code is to be had."""
        body = next(iter(self.desk.bodies(self.surface)), None)
        if self.maker is None:
            if self.said and isinstance(body, dict):
                return {**body, self.code: self.said[0]}
            return body
        code = self._new_code()
        return {**(body if isinstance(body, dict) else {}), self.code: code} if code else None

    def _new_code(self) -> str:
        """A code for who acts: of his own making, or given to him by somebody of power."""
        assert self.maker is not None  # `body` asks only then
        who, powers = self.desk.pair.owner, admin_roles(self.check)
        strong = [i for i in in_use(self.check.identities) if powerful(i, powers) and i is not who]
        for desk in (self.desk, *(Desk(self.check, Pair(i, who)) for i in strong[:1])):
            maker = desk.ready(self.maker)
            for body in desk.bodies(maker) if maker is not None else ():
                assert maker is not None  # the loop runs only then
                answer = desk.send(maker, body)
                code = dict(texts(answer.json_or_none())).get(self.code, "") if answer.ok else ""
                if code:
                    self.check.probe.redactor.learn(code)
                    return code
                if answer.refused:
                    break
        return ""

    def try_next(self) -> None:
        """What was said and is not good may be followed by what is."""
        self.said[:] = [*self.said[1:], *self.said[:1]]

    @property
    def tries(self) -> int:
        """How often it may be tried until it was done once."""
        return max(1, len(self.said))

    def done(self, body: Any) -> tuple[Answer, Numbers]:
        """The answer, and what it moved for who does it."""
        before = self.account.now()
        answer = self.desk.send(self.surface, body)
        if not answer.ok:
            self.try_next()
        return answer, moved(before, self.account.now()) if answer.ok else {}


def turns(check: Check, *, backwards: bool = False) -> Iterator[list[Turn]]:
    """Each action that is meant for once, as each of our people would do it."""
    people = pairs(check)
    alone = list(dict.fromkeys(i.name for p in people for i in (p.owner, p.other) if i is not None))
    known = {i.name: i for i in check.identities}
    order = [known[name] for name in (reversed(alone) if backwards else alone)]
    accounts = {i.name: standing(check, i) for i in order}
    for surface in check.surfaces(Kind.ONCE_ONLY, limit=_MOST):
        code, maker = _used_up(check, surface)
        said = said_codes(check, surface, code, order[0]) if code and maker is None else []
        if code and maker is None and not said:
            continue  # a code that we make up is none
        found = []
        for who in order:
            desk, account = Desk(check, _pair(people, who)), accounts[who.name]
            ready = desk.ready(surface) if account is not None else None
            if ready is not None and account is not None:
                found.append(Turn(desk, ready, account, code, maker, said=said))
        yield found


def _pair(people: list[Pair], who: Identity) -> Pair:
    return next((p for p in people if p.owner is who), Pair(who, None))


def _used_up(check: Check, surface: Surface) -> tuple[str, Surface | None]:
    """The member that takes a code, and what gives codes of that name for the same purpose."""
    for name, part in properties(surface.operation.json_schema).items():
        if not meaning.is_claim(name, part):
            continue
        named = _named(surface)
        for maker in check.model.surfaces(Kind.CODE_GIVING, limit=20):
            gives = properties(maker.operation.answer_schema)
            if name in gives and named & _named(maker):
                return name, maker
        return name, None
    return "", None


def _named(surface: Surface) -> set[str]:
    segments = [s for s in surface.operation.template.split("/") if s and "{" not in s]
    return {w for s in segments for w in words(s) if len(w) > 3}


@pytest.mark.control("FLOW-02")
def test_what_is_good_for_one_time_is_not_done_again(check: Check) -> None:
    looked = 0
    for people in turns(check):
        for turn in [t for t in people for _ in range(t.tries)]:
            body = turn.body()
            if body is None and turn.maker is not None:
                continue
            first, effect = turn.done(body)
            if not first.ok:
                continue
            check.witness("it is done once", first, once=True)
            looked += 1
            if _again(turn, body, first, effect) and turn.maker is not None:
                _by_another(turn, people, body, effect)
            break
    if not looked:
        check.inconclusive("Nobody of the profile could do what is meant for once a first time.")


def _again(turn: Turn, body: Any, first: Answer, effect: Numbers) -> bool:
    """Whether it may not be repeated by the same caller."""
    second, further = turn.done(body)
    twice = [k for k, v in effect.items() if further.get(k) == v]
    # Without a number to look at two things that were made of it are what can be seen.
    afresh = not effect and first.status == 201 and len(moments([first, second])) == 2
    said = meaning.said_once(words(turn.surface.operation.told))
    return turn.check.expect(
        not (second.ok and (twice or afresh)),
        turn.surface.place("again"),
        "What is meant for once has its effect again when it is done again.",
        first,
        second,
        expected="a refusal, or a repetition that changes nothing",
        seen=f"{twice[0]} moved by as much again" if twice else "another thing was made of it",
        confidence=Confidence.CONFIRMED
        if twice
        else (Confidence.STRONG if said else Confidence.WEAK),
    )


def _by_another(turn: Turn, people: list[Turn], body: Any, effect: Numbers) -> None:
    """Somebody else does it with what was used up."""
    told = words(turn.surface.operation.told)
    if says(told, *_EACH):
        return
    for other in people:
        if other.desk.pair.owner is turn.desk.pair.owner:
            continue
        own = next(iter(other.desk.bodies(other.surface)), None)
        mixed = {**(own if isinstance(own, dict) else {}), turn.code: body[turn.code]}
        answer, further = other.done(mixed)
        gained = {v for v in effect.values() if v > 0} & set(further.values())
        turn.check.expect(
            not (answer.ok and gained),
            turn.surface.place("again by another"),
            "What somebody used up has its effect again for another.",
            answer,
            expected="a refusal",
            seen="his balance rose by as much",
            confidence=Confidence.CONFIRMED if meaning.said_once(told) else Confidence.STRONG,
        )


@pytest.mark.control("FLOW-03")
def test_what_is_good_for_one_time_is_not_done_twice_at_once(check: Check) -> None:
    looked = 0
    for people in turns(check, backwards=True):
        with_code = [turn for turn in people if turn.maker is not None]
        looked += _codes_at_once(with_code) if with_code else _people_at_once(people)
    if not looked:
        check.inconclusive(
            "Nobody of the profile could do what is meant for once, or it may be done any number"
            " of times."
        )


def _codes_at_once(people: list[Turn]) -> bool:
    """A new code for each round, after one that shows what a code brings."""
    for turn in people:
        body = turn.body()
        first, effect = turn.done(body) if body is not None else (None, {})
        if first is None or not first.ok or not effect:
            continue
        turn.check.witness("it is done once, and moves something", first, once=True)
        if _any_number(turn, body, effect):
            return False
        for _ in range(ROUNDS):
            body = turn.body()
            if body is None or not _held(turn, body, effect):
                break
        return True
    return False


def _people_at_once(known: list[Turn]) -> bool:
    """What is used up for a person: one does it at once, another shows what once brings. Whom the
    profile names may have done it already, so newcomers follow."""
    people = chain(known, _newcomers(known[0])) if known else iter(())
    for turn in people:
        before = turn.account.now()
        won: list[Answer] = []
        for _ in range(turn.tries):
            won = won or [a for a in _burst(turn, turn.body()) if a.ok]
            if not won:
                turn.try_next()
        body = turn.body()
        further = moved(before, turn.account.now())
        if not won:
            continue
        turn.check.witness("it is done", won[0], once=True)
        if len(won) == 1 or not further:
            turn.check.expect(True, turn.surface.place("at once"), "")
            return True
        if _any_number(turn, body, further):
            return False
        for other in people:
            answer, effect = other.done(other.body())
            if answer.ok and effect:
                once = max(abs(v) for v in effect.values())
                _told(turn, won, further, once)
                return True
        return False
    return False


def _newcomers(turn: Turn) -> Iterator[Turn]:
    """The same action as it is open to people who have just registered."""
    for who in fresh_people(turn.check, turn.desk.pair.owner):
        desk, account = Desk(turn.check, Pair(who, None)), standing(turn.check, who)
        if account is not None:
            yield replace(turn, desk=desk, account=account, made=[], said=[*turn.said])


def _any_number(turn: Turn, body: Any, effect: Numbers) -> bool:
    """Whether it is simply done again, one after the other: that has a control of its own."""
    answer, further = turn.done(body)
    again = answer.ok and bool(effect.keys() & further.keys())
    if again:
        turn.check.observe("It may be done any number of times, one after the other.", answer)
    return again


def _held(turn: Turn, body: Any, effect: Numbers) -> bool:
    """Whether a race moved no more than once would."""
    before = turn.account.now()
    won = [a for a in _burst(turn, body) if a.ok]
    further = moved(before, turn.account.now())
    if not won:
        turn.check.observe("None of the requests at once had success.")
        return False
    # What is kept elsewhere by the same name is not of this action.
    once = max(abs(v) for v in effect.values())
    return _told(turn, won, {k: v for k, v in further.items() if k in effect}, once)


def _told(turn: Turn, won: list[Answer], further: Numbers, once: float) -> bool:
    most = max((abs(v) for v in further.values()), default=0.0)
    return turn.check.expect(
        most <= once,
        turn.surface.place("at once"),
        f"What is meant for once has its effect more than once by {AT_ONCE} requests at once.",
        *won,
        expected=f"{once:g}, as by one request",
        seen=f"{most:g}, by {len(won)} successes",
    )


def _burst(turn: Turn, body: Any) -> list[Answer]:
    """The same request at once, on connections that are open already."""
    warm = [
        s.request(turn.check.sessions.auth(turn.account.identity, s)) for s in turn.account.reads
    ]
    if warm:
        warmed(turn.check, warm[0], AT_ONCE)
    return turn.check.burst([turn.desk.request(turn.surface, body)] * AT_ONCE, AT_ONCE)
