"""Codes that replace a password: how often they may be asked for, and tried."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.target_model import Surface
from l7audit_suites.authn.forgotten import asking, short_code, somebody, trying
from l7audit_suites.rate.flood import GUESSES, admitted, held_off, let_in

REQUESTS = 20
"""Letters to one mailbox that nobody needs who merely forgot."""


@pytest.mark.control("RATE-16")
def test_codes_for_a_new_password_are_neither_guessed_nor_asked_for_without_limit(
    check: Check,
) -> None:
    _, credential = somebody(check)[-1]
    codes = [s for s in check.model.surfaces(Kind.RESET) if short_code(s)]
    requests = check.model.surfaces(Kind.RESET_REQUEST, limit=2)
    if not codes and not requests:
        check.surfaces(Kind.RESET_REQUEST)  # says why there is none
    for surface in codes:
        attempt = partial(trying, check, surface, credential.name)
        statement = "codes for a new password may be tried without end"
        _bounded(check, surface, attempt, GUESSES, statement)
    for surface in requests:
        wish = partial(asking, surface, credential.name)
        statement = "codes for a new password may be asked for without end"
        _bounded(check, surface, wish, REQUESTS, statement)


def _bounded(
    check: Check, surface: Surface, make: Callable[[], Request], most: int, statement: str
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
        confidence=Confidence.STRONG,
    )


def _broken(answer: Answer) -> bool:
    return admitted(answer) is None
