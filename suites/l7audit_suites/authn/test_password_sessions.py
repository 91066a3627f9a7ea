"""What becomes of sessions when the password that opened them holds no more."""

from __future__ import annotations

import time

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit.target.target_model import Surface
from l7audit_suites.authn.claims import lifetime
from l7audit_suites.authn.doors import wrong_secret
from l7audit_suites.authn.ground import Ground, find
from l7audit_suites.authn.jose import parse
from l7audit_suites.authn.made_keys import WINDOW, refused_everywhere
from l7audit_suites.authn.password_owners import Owner, owner

_SHORT = 3600.0
"""Seconds: a token that ends so soon is often let run out, which is weak and not yet careless."""


@pytest.mark.control("AUTHN-35")
def test_a_new_password_ends_the_sessions_of_the_old_one(check: Check) -> None:
    surface = check.surface(Kind.PASSWORD_CHANGE)
    somebody = owner(check)
    elsewhere, here = somebody.enters(somebody.password), somebody.enters(somebody.password)
    if elsewhere is None or here is None:
        check.inconclusive("Its owner could not log in twice to change a password.")
    ground = _ground(check, somebody, elsewhere)
    check.witness("a session opens what is closed to strangers", ground.good, once=True)
    new = wrong_secret(check.random)
    check.probe.redactor.learn(new)
    changed = somebody.changes(surface, here, somebody.password, new)
    since = time.monotonic()
    try:
        if somebody.enters(new) is None:
            check.inconclusive(f"Its owner could not change a password: {changed.status}.")
        _judged(check, surface, somebody, ground, changed, since)
    finally:
        somebody.back(surface, new)


def _ground(check: Check, somebody: Owner, session: Auth) -> Ground:
    identity = somebody.identity or Identity(name="")
    kind = "cookie" if session.kind == "cookie" else "bearer"
    ground = find(check, identity, session.secret, lambda _: session, kind)
    if ground is None:
        check.inconclusive("No protected read was found that a session opens.")
    return ground


def _judged(
    check: Check,
    surface: Surface,
    somebody: Owner,
    ground: Ground,
    changed: Answer,
    since: float,
) -> None:
    check.expect(
        somebody.enters(somebody.password) is None,
        surface.place("old password"),
        "The password that held before a change still opens the account.",
        changed,
        expected="a refusal of the old password",
        seen="let in",
    )
    late = refused_everywhere(ground, ground.credential, since, "a session of an old password")
    token = parse(ground.credential)
    seconds = lifetime(token) if token is not None else None
    short = seconds is not None and seconds <= _SHORT
    check.expect(
        not late,
        surface.place("session of the old password"),
        f"A session that the old password opened lives on {WINDOW:g} seconds after the change.",
        changed,
        *late,
        expected="a refusal, as without a credential",
        seen="the same answer as before the change",
        confidence=Confidence.WEAK if short else Confidence.STRONG,
    )
