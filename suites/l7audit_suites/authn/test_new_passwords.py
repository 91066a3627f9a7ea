"""Passwords that somebody chooses: those that everybody guesses are none."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.schemas import Schema, properties
from l7audit.target.target_model import Surface
from l7audit_suites.authn.doors import wrong_secret
from l7audit_suites.authn.newcomers import registered
from l7audit_suites.authn.password_owners import Owner, owner

GUESSED = ("password", "12345678", "password123", "password1234", "123456789012")
"""What stands at the top of every list of passwords, in the lengths that rules ask for."""

MIXED = ("Password123!",)
"""The same where the document asks for a mixture."""

_MOST = 3
_POWER = ("admin", "administrator", "owner", "root", "operator", "staff", "manager")


@pytest.mark.control("AUTHN-34")
def test_a_password_that_everybody_guesses_is_not_taken(check: Check) -> None:
    joining = check.model.surfaces(Kind.REGISTRATION, limit=1)
    changing = check.model.surfaces(Kind.PASSWORD_CHANGE, limit=1)
    if not joining and not changing:
        check.surfaces(Kind.PASSWORD_CHANGE)  # says why there is none
    for surface in joining:
        _joins(check, surface)
    if joining:
        return  # who can have an account of the check's own leaves those of the profile alone
    for surface in changing:
        _changes(check, owner(check), surface)


def _joins(check: Check, surface: Surface) -> None:
    """Becomes a user with a good password, and then with weak ones."""
    check.witness("a good password is taken", _joined(check, surface, "")[0], once=True)
    for weak in _fitting(surface):
        taken, answer = _joined(check, surface, weak)
        if not _judged(check, surface, taken, answer):
            break


def _joined(check: Check, surface: Surface, password: str) -> tuple[bool, Answer]:
    """Whether a new account with that password can be logged in to, and what was answered."""
    newcomer, answer = registered(check, surface, password=password)
    return newcomer is not None and newcomer.logged_in(check) is not None, answer


def _changes(check: Check, somebody: Owner, surface: Surface) -> None:
    for weak in _fitting(surface):
        taken, answer = _changed(somebody, surface, weak)
        if not _judged(check, surface, taken, answer):
            check.witness("the password holds that its owner has", True, once=True)
            return
    good = wrong_secret(check.random)
    check.probe.redactor.learn(good)
    taken, _ = _changed(somebody, surface, good)
    check.witness("a good password is taken", taken, once=True)


def _changed(somebody: Owner, surface: Surface, new: str) -> tuple[bool, Answer]:
    """Whether a new password was taken, which is then put back, and what was answered."""
    auth = somebody.enters(somebody.password)
    if auth is None:
        somebody.check.inconclusive("Its owner could not log in to change a password.")
    answer = somebody.changes(surface, auth, somebody.password, new)
    taken = somebody.enters(new) is not None
    if taken:
        somebody.back(surface, new)
    return taken, answer


def _judged(check: Check, surface: Surface, taken: bool, answer: Answer) -> bool:
    return check.expect(
        not taken,
        surface.place("new password"),
        "A password that everybody guesses is taken.",
        answer,
        expected="a refusal of what stands in every list of passwords",
        seen="the account opens with it",
    )


def _fitting(surface: Surface) -> Iterator[str]:
    """The passwords that the document's own rules admit."""
    operation = surface.operation
    pair = meaning.password_pair(operation)
    name = pair[1] if pair else meaning.new_password(operation)
    schema = next((p[name] for s in operation.bodies.values() if name in (p := properties(s))), {})
    fitting = [text for text in GUESSED if _admits(schema, text)]
    yield from (fitting or [text for text in MIXED if _admits(schema, text)])[:_MOST]


def _admits(schema: Schema, text: str) -> bool:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 10**6)
    pattern = schema.get("pattern")
    if isinstance(least, int) and isinstance(most, int) and not least <= len(text) <= most:
        return False
    try:
        return not isinstance(pattern, str) or re.search(pattern[:500], text) is not None
    except re.error:
        return True
