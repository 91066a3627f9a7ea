"""What one alone can have: a slot, a seat, a name. Two who ask at once do not both get it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.fresh import may_be_taken, renewed
from l7audit.target.operation import Operation
from l7audit.target.target_model import Surface
from l7audit.target.words import all_words, says
from l7audit_suites.authz.people import admin_roles, in_use, powerful
from l7audit_suites.flow.at_once import warmed
from l7audit_suites.flow.orders import Desk, Pair, moments, pairs
from l7audit_suites.flow.test_once import ROUNDS
from l7audit_suites.flow.varying import varied

AT_ONCE = 5
_MOST = 8
_NOTHING = 404
_TRIES = ((0, True), (1, True), (0, False), (2, False))
"""What was asked for may be had by others already, or may not be called as we please."""

_LEFT = {
    Kind.LOGIN, Kind.TOKEN, Kind.REVOKE_TOKEN, Kind.KEY_CREATE, Kind.KEY_ROTATE, Kind.KEY_REVOKE,
    Kind.SIGNING_KEY_CREATE, Kind.DATA_KEY_ROTATE, Kind.RATE_POLICY, Kind.ONCE_ONLY, Kind.COSTLY,
    Kind.CHAT, Kind.SEARCH,
    Kind.STREAMING, Kind.UPLOAD, Kind.RESOURCE_DELETE,
}  # fmt: skip
"""Entrances and keys have controls of their own, and so has what may be done once."""

_NOT_TRIED = ("reset", "forgot", "logout", "register", "signup", "sign up", "invite", "purge")


@dataclass(frozen=True, slots=True)
class Claim:
    """An operation that gave something to the first who asked, and refused the next.

    `number`: how many things were asked for until one was to be had; `free`: it takes any text.
    """

    desk: Desk
    surface: Surface
    number: int
    free: bool
    given: Answer
    refused: Answer


def _asked(desk: Desk, surface: Surface, number: int, free: bool) -> Any:
    """What nobody has asked for yet: another day or text, the next of the things there are."""
    filled = Desk(desk.check, desk.pair, nth=number).filled(renewed(surface))
    word = f"lq{secrets.token_hex(4)}" if free else ""
    return varied(surface.operation.json_schema, filled.body(), number, word, filled.members)


@pytest.mark.control("FLOW-03")
def test_what_one_alone_can_have_is_not_given_to_two_at_once(check: Check) -> None:
    looked = 0
    for claim in _claims(check):
        check.witness("who comes second is refused", claim.given.ok and not claim.refused.ok)
        looked += 1
        for further in range(1, ROUNDS + 1):
            if not _held(check, claim, claim.number + further):
                break
    if not looked:
        check.not_applicable(
            "Nothing was seen that is given to the first who asks, and to no other."
        )


def _claims(check: Check) -> Iterator[Claim]:
    """Operations that refuse what they have just given. Each is asked twice, one by one, by
    somebody ordinary, or by somebody of power where it is for those alone."""
    listed = [o for o in check.model.operations if _worth_it(o)]
    listed.sort(key=lambda o: (Kind.AMOUNT_TAKING not in o.kinds, str(o.place)))
    powers = admin_roles(check)
    strong = [Pair(i, None) for i in in_use(check.identities) if powerful(i, powers)]
    ordinary = [p for p in pairs(check) if not powerful(p.owner, powers)]
    for operation in listed[:_MOST]:
        some = [] if Kind.ADMIN in operation.kinds else ordinary[:1]
        for desk in (Desk(check, pair) for pair in [*some, *strong[:1]]):
            surface = desk.ready(check.model.surface(operation))
            first = _first(desk, surface) if surface is not None else None
            if first is None or surface is None:
                continue
            body, number, free, given = first
            second = desk.send(surface, body)
            if not second.ok and (may_be_taken(second) or second.status == _NOTHING):
                yield Claim(desk, surface, number, free, given, second)
            break


def _worth_it(operation: Operation) -> bool:
    segments = [s for s in operation.template.split("/") if s and not s.startswith("{")]
    named = tuple(all_words([operation.name, *segments]))
    return (
        operation.method == "POST"
        and not operation.public
        and not _LEFT & operation.kinds
        and not says(named, *_NOT_TRIED)
        and bool(operation.json_schema or operation.path_parameters)
    )


def _first(desk: Desk, surface: Surface) -> tuple[Any, int, bool, Answer] | None:
    """A body that was taken, its number, whether it has a text of ours, and the answer."""
    for number, free in _TRIES:
        body = _asked(desk, surface, number, free)
        answer = desk.send(surface, body)
        if answer.ok:
            return body, number, free, answer
        if not may_be_taken(answer):
            return None
    return None


def _held(check: Check, claim: Claim, number: int) -> bool:
    """Whether one of several who asked at once got it, and no other."""
    check.sessions.clean()  # what was given before may be asked for again
    body = _asked(claim.desk, claim.surface, number, claim.free)
    request = claim.desk.request(claim.surface, body)
    # Connections that are open already bring what is sent at once there at once.
    warmed(check, _idle(check, claim), AT_ONCE)
    won = [a for a in check.burst([request] * AT_ONCE, AT_ONCE) if a.ok]
    for answer in won:
        claim.desk.kept(claim.surface, answer)
    after = claim.desk.send(claim.surface, body)
    if not won or after.ok:
        check.observe("It was given to nobody, or to whoever asked for it.", after)
        return True
    return check.expect(
        len(won) < 2 or len(moments(won)) == 1,
        claim.surface.place("at once"),
        f"What one alone can have is given {len(won)} times by {AT_ONCE} requests at once.",
        *won[:3],
        after,
        expected="one success, as where they come one after the other",
        seen=f"{len(won)} successes, and then a refusal",
    )


def _idle(check: Check, claim: Claim) -> Request:
    """A request that changes nothing."""
    read = next(iter(check.model.surfaces(Kind.PUBLIC_READ, limit=1)), None)
    if read is not None and not read.needs_values:
        return read.request()
    return claim.desk.request(claim.surface, {})
