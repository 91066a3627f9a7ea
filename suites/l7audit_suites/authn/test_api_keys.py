"""API keys that are wrong, or in the wrong place."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit_suites.authn.api_keys import altered
from l7audit_suites.authn.ground import Ground, bearer_ground, holders, key_ground
from l7audit_suites.authn.judgement import Seen

_KEY_FIELDS = ("api_key", "apikey", "api-key", "key", "token")
_TOKEN_FIELDS = ("access_token", "token", "jwt", "auth")


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
    grounds: list[tuple[Ground, tuple[str, ...]]] = []
    if holders(check, ("api_key",)):
        ground = key_ground(check)
        header = ground.auth_of(ground.credential).name
        grounds.append((ground, tuple(dict.fromkeys((header, *_KEY_FIELDS)))))
    if holders(check, ("password", "client", "bearer")):
        grounds.append((bearer_ground(check), _TOKEN_FIELDS))
    if not grounds:
        check.not_applicable("No identity of the profile has an API key or gets a token.")
    for ground, fields in grounds:
        _expect_ignored(check, ground, fields)


def _expect_ignored(check: Check, ground: Ground, fields: tuple[str, ...]) -> None:
    let_in: list[tuple[str, Answer]] = []
    for name in fields:
        auth = Auth.api_key(name, ground.credential, place="query")
        answer = check.send(ground.surface.request(auth=auth))
        if ground.seen(answer) is Seen.UNCLEAR:
            check.inconclusive(f"A credential in the query got no decision, but {answer.status}.")
        if ground.seen(answer) is Seen.ACCEPTED:
            let_in.append((name, answer))
    names = ", ".join(name for name, _ in let_in)
    check.expect(
        not let_in,
        ground.place("credential in the query"),
        f"A credential is accepted in the address, as {names}, where logs and histories keep it.",
        *[answer for _, answer in let_in],
        expected="a refusal, as without a credential",
        seen="the same answer as to the credential in its header",
    )
