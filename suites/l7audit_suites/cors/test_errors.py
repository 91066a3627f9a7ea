"""That errors treat origins as successes do."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Place
from l7audit_suites.cors import fetch_standard as fetch
from l7audit_suites.cors.grounds import few_strangers, friend, grounds
from l7audit_suites.cors.judgement import consistency_fault, decided
from l7audit_suites.head.reads import mistakes


@pytest.mark.control("CORS-09")
def test_errors_follow_the_same_rules_as_successes(check: Check) -> None:
    ground = grounds(check, protected=1)[0]
    origins = {"an allowed origin": friend(check)}
    origins |= {stranger.trick: stranger.origin for stranger in few_strangers(check)[:3]}
    successes = {name: check.send(ground.asked_by(o)).headers for name, o in origins.items()}
    for mistake in mistakes(check, ground):
        for name, origin in origins.items():
            answer = check.send(mistake.request.with_headers({"Origin": origin}))
            if not decided(answer):
                continue
            fault = consistency_fault(origin, successes[name], answer.headers)
            check.expect(
                not fault,
                Place(operation=mistake.place.operation, part=f"{mistake.name}, origin: {name}"),
                f"The refusal of {mistake.name} leaves the policy: {fault}.",
                answer,
                expected="the same grant and Vary as on successes",
                seen=f"{fetch.ALLOW_ORIGIN}: {fetch.value(answer.headers, fetch.ALLOW_ORIGIN)}, "
                f"Vary: {fetch.value(answer.headers, 'Vary')}",
            )
