"""A list of accounts: each is tried once, so a limit that counts by account never notices."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind
from l7audit_suites.rate.flood import CONCURRENCY, admitted, guessed, let_in, throttled

ACCOUNTS = 120
"""Guesses that are made: more people than log in at one office within a few seconds."""


@pytest.mark.control("RATE-15")
def test_a_list_of_accounts_cannot_be_tried_through(check: Check) -> None:
    surface = check.surface(Kind.LOGIN)
    if surface.place() in guessed(check):
        check.inconclusive(
            "Passwords of one account may be guessed without end; RATE-11 speaks of that."
        )
    guesses = [
        check.sessions.login_request(
            surface, f"nobody-{check.random.randrange(10**12)}", "not-the-password"
        )
        for _ in range(ACCOUNTS)
    ]
    first = let_in(check, guesses.pop())
    check.witness("a guess is answered before the list", lambda: admitted(first) is True, once=True)
    answers = [first]
    while guesses and not any(map(throttled, answers[-CONCURRENCY:])):
        wave, guesses = guesses[:CONCURRENCY], guesses[CONCURRENCY:]
        answers += check.burst(wave, CONCURRENCY)
    broken = sum(a.status is None or a.status >= 500 for a in answers if not throttled(a))
    if broken > len(answers) // 2:
        check.inconclusive("Most guesses were answered by an error of the server.")
    held = next((a for a in answers if throttled(a)), None)
    check.expect(
        held is not None,
        surface.place("one guess for each account"),
        "a list of accounts may be tried through from one address",
        answers[-1],
        expected=f"429 within {ACCOUNTS} guesses",
        seen=f"{len(answers)} guesses answered",
        # What else a service does against it (a second factor, known leaks) can't be seen.
        confidence=Confidence.WEAK,
    )
    if held is not None:  # how long it lasts is not waited for: some services shut for minutes
        check.observe(f"Throttled within {len(answers)} guesses.", held)
