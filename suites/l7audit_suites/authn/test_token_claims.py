"""Tokens that the issuer's key has signed, with one claim wrong."""

from __future__ import annotations

import time

import pytest

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit.target.tokens import token_in
from l7audit.target.words import says, words
from l7audit_suites.authn.claims import lifetime
from l7audit_suites.authn.forgeries import Forgery
from l7audit_suites.authn.ground import bearer_ground, clone_ground, token_ground
from l7audit_suites.authn.leaves import texts
from l7audit_suites.authn.password_doors import find_login, issued_by

_OTHER_KINDS = ("refresh token", "refresh", "id token")
_TOKEN = 16
"""Characters that a token has at least."""

LONGEST = 24 * 3600
"""Seconds that an access token may live."""

_ROUNDING = 60


@pytest.mark.control("AUTHN-15")
def test_an_expired_token_is_refused(check: Check) -> None:
    ground, _, clones = clone_ground(check)
    ground.refuses(clones.expired(time.time()), "expired token", "An expired token is accepted")


@pytest.mark.control("AUTHN-16")
def test_a_token_that_is_not_yet_valid_is_refused(check: Check) -> None:
    ground, _, clones = clone_ground(check)
    ground.refuses(clones.early(time.time()), "early token", "A token is accepted before its time")


@pytest.mark.control("AUTHN-17")
def test_a_token_for_another_audience_is_refused(check: Check) -> None:
    ground, token, clones = clone_ground(check)
    if not token.claims.get("aud"):
        check.not_applicable("The target's tokens name no audience.")
    ground.refuses(
        clones.foreign_audience(), "audience", "A token made for somebody else is accepted"
    )


@pytest.mark.control("AUTHN-18")
def test_a_token_of_another_issuer_is_refused(check: Check) -> None:
    ground, token, clones = clone_ground(check)
    if not token.claims.get("iss"):
        check.not_applicable("The target's tokens name no issuer.")
    ground.refuses(clones.foreign_issuer(), "issuer", "A token of another issuer is accepted")


@pytest.mark.control("AUTHN-19")
def test_a_token_of_another_kind_is_refused(check: Check) -> None:
    others: list[Forgery] = []
    if check.target.mint is not None:
        ground, _, clones = clone_ground(check)
        others += clones.foreign_type()
    else:
        ground = bearer_ground(check)
    door = find_login(check)
    others += [] if door is None else _given_along(check, door.good)
    if not others:
        check.not_applicable("The target's tokens do not say of what kind they are.")
    ground.refuses(others, "type", "A token that is no access token is accepted as one")


def _given_along(check: Check, answer: Answer) -> list[Forgery]:
    """The tokens of other kinds that a login gives: to get new ones by, or to say who logged in."""
    access = token_in(answer)
    found = []
    for name, text in texts(answer.json_or_none()):
        told = words(name)
        if says(told, *_OTHER_KINDS) and len(text) >= _TOKEN and text != access:
            check.probe.redactor.learn(text, "token")
            found.append(Forgery(f"the {' '.join(told)}", text))
    return found


@pytest.mark.control("AUTHN-20")
def test_a_token_with_an_unknown_critical_extension_is_refused(check: Check) -> None:
    ground, _, clones = clone_ground(check)
    ground.refuses(
        clones.critical(), "critical extension", "A token is accepted without being understood"
    )


@pytest.mark.control("AUTHN-21")
def test_a_token_without_an_end_or_an_owner_is_refused(check: Check) -> None:
    ground, _, clones = clone_ground(check)
    ground.refuses(clones.incomplete(), "required claims", "A token is accepted that lacks a claim")


@pytest.mark.control("AUTHN-25")
def test_an_access_token_ends_within_a_day(check: Check) -> None:
    ground, token = token_ground(check, fresh=True)
    seconds = lifetime(token)
    end = token.claims.get("exp")
    if seconds is None and isinstance(end, int | float):
        seconds = float(end) - time.time()
    check.expect(
        seconds is not None and seconds <= LONGEST + _ROUNDING,
        issued_by(check, ground)("lifetime of the token"),
        "An access token lives for longer than a day.",
        ground.good,
        expected="24 hours at most",
        seen="no end" if seconds is None else f"{seconds / 3600:.1f} hours",
    )
    if seconds is not None:
        check.measure("lifetime of an access token", "s", value=seconds)
