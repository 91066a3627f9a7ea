"""That errors treat origins as successes do."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from l7audit.harness.check import Check
from l7audit.model import Place, Safety
from l7audit.probe.answer import Answer, Headers
from l7audit_suites.cors import fetch_standard as fetch
from l7audit_suites.cors.grounds import Ground, few_strangers, friend, grounds
from l7audit_suites.cors.judgement import consistency_fault, decided
from l7audit_suites.head.reads import mistakes
from l7audit_suites.head.signing_in import nobody

ATTEMPTS, FEW, _AT_ONCE = 24, 12, 4
"""Sign-ins of somebody who does not exist, after which a target should throttle; guesses are held
back after fewer than a few, and where they are not, other controls say so."""


def origins_of(check: Check) -> dict[str, str]:
    """An allowed origin and a stranger, by a name that is the same in every run: who else is
    trusted where all is well is for others to say, and errors have no lists of their own."""
    strangers = {stranger.trick: stranger.origin for stranger in few_strangers(check)[:1]}
    return {"an allowed origin": friend(check), **strangers}


def successes(check: Check, ground: Ground, origins: Mapping[str, str]) -> dict[str, Headers]:
    """How each origin is treated where all is well."""
    return {name: check.send(ground.asked_by(o)).headers for name, o in origins.items()}


def consistent(check: Check, place: Place, origin: str, usual: Headers, answer: Answer) -> None:
    """Expects an error to treat an origin as successes do."""
    fault = consistency_fault(origin, usual, answer.headers)
    check.expect(
        not fault,
        place,
        f"The answer to {place.part} leaves the policy for {origin}: {fault}.",
        answer,
        expected="the same grant and Vary as on successes",
        seen=f"{answer.status} with "
        f"{fetch.ALLOW_ORIGIN}: {fetch.value(answer.headers, fetch.ALLOW_ORIGIN)}, "
        f"Vary: {fetch.value(answer.headers, 'Vary')}",
        cause=f"the policy of errors: {fault}",
    )


@pytest.mark.control("CORS-09")
def test_errors_follow_the_same_rules_as_successes(check: Check) -> None:
    ground = grounds(check, protected=1)[0]
    origins = origins_of(check)
    usual = successes(check, ground, origins)
    allowed = friend(check)
    for mistake in mistakes(check, ground, large=True, headers={"Origin": allowed}):
        for name, origin in origins.items():
            asked = mistake.request.with_headers({"Origin": origin})
            answer = mistake.refusal if origin == allowed else check.send(asked)
            if decided(answer):
                place = Place(operation=mistake.place.operation, part=mistake.name)
                consistent(check, place, origin, usual[name], answer)


@pytest.mark.control("CORS-09")
def test_throttled_answers_follow_the_same_rules_as_successes(check: Check) -> None:
    if check.probe.scope.safety.rank < Safety.INTRUSIVE.rank:
        check.not_applicable("Nobody is throttled unless the profile allows intrusive checks.")
    ground = grounds(check, protected=1)[0]
    attempt = nobody(check)
    if attempt is None:
        check.not_applicable("There is no operation to sign in by, where trying is throttled.")
    surface, request = attempt
    attempts = check.sample(ATTEMPTS, FEW)
    turns = (check.burst([request] * _AT_ONCE, _AT_ONCE) for _ in range(attempts // _AT_ONCE))
    if not any(a.throttled for turn in turns for a in turn):
        check.not_applicable(f"{attempts} sign-ins of somebody unknown are not throttled.")
    origins = origins_of(check)
    usual = successes(check, ground, origins)
    for name, origin in origins.items():
        answer = check.send(request.with_headers({"Origin": origin}), patience=False)
        if answer.throttled:
            consistent(check, surface.place("too many requests"), origin, usual[name], answer)
