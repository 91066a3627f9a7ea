"""Codes that replace a password: how often they may be asked for, and tried."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target import meaning
from l7audit.target.schemas import properties, type_of
from l7audit.target.target_model import Surface
from l7audit_suites.authn.forgotten import asking, one_time_codes, short_code, somebody, trying
from l7audit_suites.authn.password_owners import owner
from l7audit_suites.rate.flood import GUESSES, admitted, held_off, let_in

GUESSED = 30
"""Tries at a one-time code that nobody needs who mistypes one."""

_MOST_OTHERS = 2

REQUESTS = 20
"""Letters to one mailbox that nobody needs who merely forgot."""


@pytest.mark.control("RATE-16")
def test_codes_for_a_new_password_are_neither_guessed_nor_asked_for_without_limit(
    check: Check,
) -> None:
    _, credential = somebody(check)[-1]
    codes = [s for s in check.model.surfaces(Kind.RESET) if short_code(s)]
    requests = check.model.surfaces(Kind.RESET_REQUEST, limit=2)
    others = one_time_codes(check.model)
    if not codes and not requests and not others:
        check.surfaces(Kind.RESET_REQUEST)  # says why there is none
    for surface in codes:
        attempt = partial(trying, check, surface, credential.name)
        statement = "codes for a new password may be tried without end"
        _bounded(check, surface, attempt, GUESSES, statement)
    for surface in requests:
        wish = partial(asking, surface, credential.name)
        statement = "codes for a new password may be asked for without end"
        _bounded(check, surface, wish, REQUESTS, statement)
    for surface in others[:_MOST_OTHERS]:
        guess = _guessing(check, surface, credential.name)
        if guess is not None:
            # Whether there is a code to be guessed just now can't be seen from outside.
            statement = "one-time codes may be tried without end"
            _bounded(check, surface, guess, GUESSED, statement, Confidence.WEAK)


def _guessing(check: Check, surface: Surface, account: str) -> Callable[[], Request] | None:
    """Tries at a one-time code: for the account where anybody may, else for who registered for it,
    or for somebody of the profile; None where nobody can."""
    auth = Auth.none()
    if not surface.operation.public:
        session = owner(check)
        opened = session.enters(session.password)
        if opened is None:
            return None
        auth = opened
    return partial(_guess, check, surface, auth, account)


def _guess(check: Check, surface: Surface, auth: Auth, account: str) -> Request:
    operation = surface.operation
    fields: dict[str, Any] = {}
    if name := meaning.account_field(operation):
        fields[name] = account
    code = check.random.randrange(100_000, 1_000_000)
    name = meaning.one_time_field(operation)
    parts = [p[name] for s in operation.bodies.values() if name in (p := properties(s))]
    counted = any(type_of(part) == "integer" for part in parts)
    fields[name] = code if counted else str(code)
    return surface.request(auth=auth, fields=fields)


def _bounded(
    check: Check,
    surface: Surface,
    make: Callable[[], Request],
    most: int,
    statement: str,
    confidence: Confidence = Confidence.STRONG,
) -> None:
    """Expects that one who asks again and again is held off within `most` requests."""
    answers = [let_in(check, make())]
    first = answers[0]
    check.witness("the first one is answered", admitted(first) is True, once=True)
    while not held_off(answers[-1], first) and len(answers) < most:
        answers.append(check.send(make(), patience=False))
    if sum(map(_broken, answers)) > len(answers) // 2:
        check.inconclusive("Most were answered by an error of the server.")
    check.expect(
        held_off(answers[-1], first),
        surface.place(),
        statement,
        answers[-1],
        expected=f"held off within {most}",
        seen=f"{len(answers)} answered alike",
        # That a code ended silently, after a few tries, can't be seen from outside.
        confidence=confidence,
    )


def _broken(answer: Answer) -> bool:
    return admitted(answer) is None
