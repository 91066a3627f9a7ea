"""OAuth2 clients that are not who they say, and grants that nobody offers."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit_suites.authn.doors import TokenEndpoint, ask, nobody_like, token_endpoint, wrong_secret
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authn.resemblance import differences

_GRANTS = ("l7audit", "", "implicit", "urn:l7audit:params:oauth:grant-type:none")


@pytest.mark.control("AUTHN-29")
def test_unknown_clients_and_wrong_secrets_are_refused_alike(check: Check) -> None:
    endpoint, good = token_endpoint(check)
    check.witness("a known client gets a token", lambda: ask(check, endpoint.rightful()))
    known = endpoint.client.name
    nobodies = [nobody_like(known, check.random) for _ in range(2)]
    wrong = _refused(check, endpoint, good, known, "wrong secret")
    first, second = (_refused(check, endpoint, good, n, "unknown client") for n in nobodies)
    if wrong is None or first is None or second is None:
        return
    if differences(first, second, nobodies):
        check.inconclusive("The token endpoint answers differently to two unknown clients.")
    told = differences(wrong, first, [known, *nobodies])
    check.expect(
        not told,
        endpoint.surface.place("unknown client"),
        f"The token endpoint tells an unknown client from a wrong secret by its {', '.join(told)}.",
        wrong,
        first,
        expected="the same status, headers and text",
        seen=", ".join(told),
    )


def _refused(
    check: Check, endpoint: TokenEndpoint, good: Answer, client: str, part: str
) -> Answer | None:
    """The answer to a wrong secret; None where it was accepted, which is a finding."""
    answer = ask(check, endpoint.request(client, wrong_secret(check.random)))
    seen = judge(answer, good)
    if seen is Seen.UNCLEAR:
        check.inconclusive(f"A wrong client got no decision, but {answer.status}.")
    refused = check.expect(
        seen is Seen.REFUSED,
        endpoint.surface.place(part),
        "The token endpoint gives a token to a client that did not prove who it is.",
        answer,
        expected="invalid_client",
        seen="a token",
    )
    return answer if refused else None


@pytest.mark.control("AUTHN-30")
def test_nothing_is_given_for_an_unknown_grant(check: Check) -> None:
    endpoint, good = token_endpoint(check)
    check.witness("a known client gets a token", lambda: ask(check, endpoint.rightful()))
    given: list[tuple[str, Answer]] = []
    for grant in _GRANTS:
        request = endpoint.request(endpoint.client.name, endpoint.client.secret, grant)
        answer = ask(check, request, endpoint.identity.name)
        seen = judge(answer, good)
        if seen is Seen.UNCLEAR:
            check.inconclusive(f"An unknown grant got no decision, but {answer.status}.")
        if seen is Seen.ACCEPTED:
            given.append((grant or "none at all", answer))
    check.expect(
        not given,
        endpoint.surface.place("grant_type"),
        f"A token is given for a grant that does not exist: {', '.join(g for g, _ in given)}.",
        *[answer for _, answer in given],
        expected="unsupported_grant_type",
        seen="a token",
    )
