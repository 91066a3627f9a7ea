"""How often a valid credential is accepted."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.authn.ground import Ground, bearer_ground, holders, key_ground
from l7audit_suites.authn.judgement import Seen

SAMPLE, FEW = 304, 8
"""Requests: 299 without a refusal bound the rate of refusals by 1 % at 95 %; a few only show that
it is no matter of luck."""

_AT_ONCE = 76
_CONCURRENCY = 16
_AGAIN = 80
"""Throttled ones that are asked for once more, with patience."""


@pytest.mark.control("AUTHN-31")
def test_a_valid_credential_is_always_accepted(check: Check) -> None:
    grounds: list[Ground] = []
    if holders(check, ("api_key",)):
        grounds.append(key_ground(check))
    if holders(check, ("password", "client", "bearer")):
        grounds.append(bearer_ground(check))
    if not grounds:
        check.inconclusive("No identity of the profile has an API key or gets a token.")
    size = check.sample(SAMPLE, FEW, force=True)
    turns = [grounds[n % len(grounds)] for n in range(size)]
    requests: list[Request] = [ground.request(ground.credential) for ground in turns]
    answers: list[Answer] = []
    while len(answers) < size:
        answers += check.burst(requests[len(answers) : len(answers) + _AT_ONCE], _CONCURRENCY)
        if any(g.seen(a) is Seen.REFUSED for g, a in zip(turns, answers, strict=False)):
            break  # more would only say how often
    sent, patience = len(answers), _AGAIN
    for n, answer in enumerate(answers):
        if answer.throttled and patience:
            patience -= 1
            answers[n] = check.send(requests[n])
    turns = turns[:sent]
    pairs = [(g, a) for g, a in zip(turns, answers, strict=True) if g.seen(a) is not Seen.UNCLEAR]
    refused = [(g, a) for g, a in pairs if g.seen(a) is Seen.REFUSED]
    check.measure(
        "valid credentials accepted",
        "ratio",
        successes=len(pairs) - len(refused),
        trials=len(pairs),
        documented="auth-success-rate",
    )
    if len(pairs) < sent:
        check.observe(f"{sent - len(pairs)} of {sent} requests got no decision.")
    if not pairs:
        check.inconclusive("No request with a valid credential got a decision.")
    place = (refused or pairs)[0][0].place("valid credential")
    check.expect(
        not refused,
        place,
        f"{len(refused)} of {len(pairs)} requests with a valid credential were refused.",
        *[a for _, a in refused[:5]],
        expected="all accepted",
        seen=f"{len(pairs) - len(refused)} of {len(pairs)} accepted",
    )
