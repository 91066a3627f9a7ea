"""API keys that are wrong, or in the wrong place."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit_suites.authn.api_keys import altered
from l7audit_suites.authn.ground import (
    Ground,
    bearer_ground,
    holders,
    key_ground,
    session_ground,
)
from l7audit_suites.authn.in_addresses import key_names, session_names
from l7audit_suites.authn.judgement import Seen

_NOT_SO = {400, 414, 422, 431}
"""Answers to queries that are strange, or too long."""


@pytest.mark.control("AUTHN-04")
def test_an_api_key_that_is_nearly_right_is_refused(check: Check) -> None:
    ground = key_ground(check)
    ground.refuses(
        altered(ground.credential, check.random),
        "API key",
        "A key that is not the right one is accepted",
    )


@pytest.mark.control("AUTHN-05")
def test_a_credential_in_the_address_is_not_accepted(check: Check) -> None:
    grounds: list[tuple[Ground, list[list[str]]]] = []
    if holders(check, ("api_key",)):
        ground = key_ground(check)
        grounds.append((ground, key_names(ground)))
    session = session_ground(check)
    if session is not None:
        check.witness("a session is accepted", session.good, once=True)
        grounds.append((session, session_names(check, session)))
    elif holders(check, ("password", "client", "bearer")):
        ground = bearer_ground(check)
        grounds.append((ground, session_names(check, ground)))
    if not grounds:
        check.not_applicable("No identity of the profile has an API key or gets a token.")
    for ground, groups in grounds:
        _expect_ignored(check, ground, groups)


def _expect_ignored(check: Check, ground: Ground, groups: list[list[str]]) -> None:
    let_in = [pair for names in groups for pair in _accepted(check, ground, names)]
    names = ", ".join(name for name, _ in let_in)
    check.expect(
        not let_in,
        ground.place("credential in the query"),
        f"A credential is accepted in the address, as {names}, where logs and histories keep it.",
        *[answer for _, answer in let_in],
        expected="a refusal, as without a credential",
        seen="the same answer as to the credential in its place",
    )


def _accepted(check: Check, ground: Ground, names: list[str]) -> list[tuple[str, Answer]]:
    """The names under which the credential is accepted, all asked for at once and then halved.
    Who takes no unknown names in the query is asked for one by one."""
    request = ground.surface.request()
    for name in names:
        request = request.with_auth(Auth.api_key(name, ground.credential, place="query"))
    answer = check.send(request)
    if ground.seen(answer) is Seen.UNCLEAR:
        check.inconclusive(f"A credential in the query got no decision, but {answer.status}.")
    if ground.seen(answer) is Seen.ACCEPTED:
        if len(names) == 1:
            return [(names[0], answer)]
        half = len(names) // 2
        parts = [names[:half], names[half:]]
        found = [pair for part in parts for pair in _accepted(check, ground, part)]
        return found or [(" with ".join(names), answer)]
    if len(names) > 1 and answer.status in _NOT_SO:
        return [pair for name in names for pair in _accepted(check, ground, [name])]
    return []
