"""What the way to a new password tells to who has no account."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.target.target_model import Surface
from l7audit_suites.authn.doors import nobody_like
from l7audit_suites.authn.forgotten import asking, somebody
from l7audit_suites.authn.resemblance import differences


@pytest.mark.control("AUTHN-32")
def test_asking_for_a_new_password_does_not_tell_who_has_an_account(check: Check) -> None:
    _, credential = somebody(check)[0]
    for surface in check.surfaces(Kind.RESET_REQUEST, limit=2):
        known = _asked(check, surface, credential.name)
        strangers = [nobody_like(credential.name, check.random) for _ in range(2)]
        first, second = (_asked(check, surface, name) for name in strangers)
        names = [credential.name, *strangers]
        check.witness(
            "two unknown users are answered alike", not differences(first, second, names), once=True
        )
        told = differences(known, first, names)
        check.expect(
            not told,
            surface.place("unknown user"),
            f"Asking for a new password tells an unknown user by its {', '.join(told)}.",
            known,
            first,
            expected="the same status, headers and text",
            seen=", ".join(told),
        )


def _asked(check: Check, surface: Surface, account: str) -> Answer:
    answer = check.send(asking(surface, account))
    if answer.status is None or answer.status >= 500 or answer.throttled:
        check.inconclusive(f"A request for a new password got no answer, but {answer.status}.")
    return answer
