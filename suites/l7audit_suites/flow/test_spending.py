"""What somebody has is not spent twice by asking twice at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target.target_model import Surface
from l7audit_suites.authz.told import named
from l7audit_suites.flow.amounts import Amount, shown, taken
from l7audit_suites.flow.at_once import warmed
from l7audit_suites.flow.orders import Desk, Pair, pairs
from l7audit_suites.flow.standing import THING, Acted, Ledger, Standing, acted, moved, standing
from l7audit_suites.flow.test_once import AT_ONCE, ROUNDS

_MOST_SURFACES = 8
_FEWEST = 4
"""What somebody must have, so that more than half of it is less than all."""


@dataclass(frozen=True, slots=True)
class Purse:
    """What is spent by an operation: `stock` is where it is shown, `gain` where the taker sees
    what he was given (empty where he does not)."""

    desk: Desk
    surface: Surface
    amount: Amount
    body: Any = field(repr=False)
    giver: Standing | Acted
    taker: Standing | None
    stock: str
    gain: str

    @property
    def read(self) -> Surface:
        """Where the stock is shown."""
        return self.giver.read if isinstance(self.giver, Acted) else self.giver.reads[0]

    def has(self) -> float:
        if isinstance(self.giver, Acted):
            return self.giver.now().get(self.stock, 0.0)
        return self.giver.showing(self.stock).now().get(self.stock, 0.0)

    def gained(self) -> float:
        if self.taker is None or not self.gain:
            return 0.0
        return self.taker.showing(self.gain).now().get(self.gain, 0.0)


@pytest.mark.control("FLOW-04")
def test_what_somebody_has_is_not_spent_twice_at_once(check: Check) -> None:
    looked = 0
    accounts: dict[str, Standing | None] = {}
    taking = check.surfaces(Kind.AMOUNT_TAKING, limit=_MOST_SURFACES)
    # What is made with the least that is sensible leaves nothing to be taken of it.
    for surface in sorted(taking, key=lambda s: not s.needs_values):
        for pair in pairs(check):
            purse = _purse(check, surface, pair, accounts)
            if purse is None:
                continue
            looked += _spent(check, purse)
            break
    if not looked:
        check.inconclusive("No operation was seen to spend what its caller has.")


def _purse(
    check: Check, surface: Surface, pair: Pair, accounts: dict[str, Standing | None]
) -> Purse | None:
    """The operation, if a sensible amount of it is taken from what its caller is shown to have."""
    for who in (pair.owner, pair.other):
        if who is not None and who.name not in accounts:
            accounts[who.name] = standing(check, who)
    giver = accounts[pair.owner.name]
    taker = accounts[pair.other.name] if pair.other is not None else None
    desk = Desk(check, pair)
    ready = desk.ready(surface)
    if ready is None or giver is None:
        return None
    thing = acted(check, ready, pair.owner)
    ledger = Ledger([a for a in (giver, taker) if a is not None], thing)
    if not giver.reads and thing is None:
        return None
    for body in desk.bodies(ready):
        for amount in taken(ready.operation, body)[:1]:
            value = amount.plain()
            before = ledger.before()
            answer = desk.send(ready, amount.into(body, value))
            if not answer.ok:
                continue
            change = moved(before, ledger.after())
            stock = _by(change, pair.owner, -value)
            gain = _by(change, pair.other, value) if pair.other is not None else ""
            if stock:
                check.witness("an amount leaves what its caller has", answer, once=True)
                return Purse(desk, ready, amount, body, giver, taker, stock, gain)
            used = next((k for k, v in change.items() if k.startswith(THING) and v == -value), "")
            if thing is not None and used:
                check.witness("an amount leaves what it is taken of", answer, once=True)
                return Purse(desk, ready, amount, body, thing, None, used, "")
    return None


def _by(change: Mapping[str, float], who: Identity, value: float) -> str:
    """Where somebody's own reads show that he has so much more."""
    start = f"{who.name}: "
    moves = (k for k, v in change.items() if v == value and k.startswith(start))
    return next(moves, "").removeprefix(start)


def _spent(check: Check, purse: Purse) -> bool:
    """Whether it could be tried: more than half of what is there, many times at once."""
    looked = False
    auth = check.sessions.auth(purse.desk.pair.owner, purse.read)
    warmed(check, purse.read.request(auth), AT_ONCE)
    for _ in range(ROUNDS):
        had, theirs = purse.has(), purse.gained()
        value = int(had // 2) + 1
        most = purse.amount.most()
        if had < _FEWEST or (most is not None and value > most):
            check.observe("The caller has too little, or more than may be spent by two requests.")
            return looked
        looked = True
        request = purse.desk.request(purse.surface, purse.amount.into(purse.body, value))
        won = [a for a in check.burst([request] * AT_ONCE, AT_ONCE) if a.ok]
        for answer in won:
            purse.desk.kept(purse.surface, answer)
        held = _held(check, purse, value, had, theirs, won)
        _back(check, purse, int(purse.gained() - theirs), value)
        if not held:
            break
    return looked


def _held(
    check: Check, purse: Purse, value: int, had: float, theirs: float, won: list[Answer]
) -> bool:
    left, more = purse.has(), purse.gained() - theirs
    spent = max(had - left, more, _given(purse, won) * float(value))
    return check.expect(
        left >= 0 and spent <= max(had, float(value)),
        purse.surface.place("at once"),
        f"More is spent than there is, by {AT_ONCE} requests at once.",
        *won,
        expected=f"at most {had:g} spent, one success",
        seen=f"{spent:g} spent and {left:g} left, by {len(won)} successes",
    )


def _given(purse: Purse, won: list[Answer]) -> int:
    """How many things are there afterwards that show what was given: what was written over the
    others' writing shows in no stock."""
    if not isinstance(purse.giver, Acted):
        return 0
    name, again = purse.amount.name, purse.desk.again
    return len(
        {named(a, "id") for a in won if any(shown(t, name) for t in again(purse.surface, a))}
    )


def _back(check: Check, purse: Purse, gained: int, value: int) -> None:
    """Gives back what the other got, as far as he can by the same operation."""
    pair = purse.desk.pair
    if gained <= 0 or pair.other is None:
        return
    desk = Desk(check, Pair(pair.other, pair.owner))
    surface = desk.ready(check.model.surface(purse.surface.operation))
    for body in desk.bodies(surface) if surface is not None else ():
        back = body
        assert surface is not None  # the loop runs only then
        sent = [
            desk.send(surface, purse.amount.into(back, min(value, gained - at)))
            for at in range(0, gained, value)
        ]
        if sent and sent[0].ok:
            return
