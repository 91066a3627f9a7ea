"""That allowed origins are granted what they need, in a form that browsers accept."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence
from l7audit_suites.cors import fetch_standard as fetch
from l7audit_suites.cors.fetch_standard import Sharing
from l7audit_suites.cors.grounds import few_strangers, friend, grounds, undecided
from l7audit_suites.cors.judgement import (
    depends_on_origin,
    exposure_fault,
    grant_fault,
    wildcard_fault,
)
from l7audit_suites.head.caching import parse


@pytest.mark.control("CORS-06")
def test_allowed_origins_are_granted_in_a_form_that_browsers_accept(check: Check) -> None:
    allowed = check.target.allowed_origins
    if not allowed:
        check.not_applicable("The profile names no allowed origin, so nobody need be granted.")
    answers, complied = [], 0
    for ground in grounds(check):
        for origin in allowed:
            answer = check.send(ground.asked_by(origin))
            answers.append(answer)
            fault = grant_fault(origin, answer.headers) if answer.ok else ""
            complied += answer.ok and not fault
            check.expect(
                not fault,
                ground.place("allowed origin"),
                f"An allowed origin cannot read the answer: {fault}.",
                answer,
                expected=f"{fetch.ALLOW_ORIGIN}: {origin}",
                seen=f"{fetch.ALLOW_ORIGIN}: {fetch.value(answer.headers, fetch.ALLOW_ORIGIN)}, "
                f"{fetch.ALLOW_CREDENTIALS}: "
                f"{fetch.value(answer.headers, fetch.ALLOW_CREDENTIALS)}",
                cause=f"the form of grants: {fault}",
            )
    check.measure(
        "origins treated as the policy says (allowed)",
        "ratio",
        successes=complied,
        trials=sum(a.ok for a in answers),
        documented="cors-policy-compliance",
    )
    undecided(check, answers)


@pytest.mark.control("CORS-07")
def test_the_wildcard_never_stands_beside_credentials(check: Check) -> None:
    for ground in grounds(check):
        for origin in (friend(check), few_strangers(check)[0].origin):
            answer = check.send(ground.asked_by(origin))
            fault = wildcard_fault(answer.headers)
            check.expect(
                not fault,
                ground.place("header Access-Control-Allow-Credentials"),
                f"The policy contradicts itself: {fault}.",
                answer,
                expected="* alone, or one origin with credentials",
                seen=f"{fetch.ALLOW_ORIGIN}: * with {fetch.ALLOW_CREDENTIALS}: true",
                cause="the wildcard beside credentials",
            )


@pytest.mark.control("CORS-08")
def test_answers_that_depend_on_the_origin_say_so_to_caches(check: Check) -> None:
    dependent, friends = False, check.target.allowed_origins[:2] or [friend(check)]
    for ground in grounds(check):
        answers = {
            f"allowed origin {number}": check.send(ground.asked_by(origin))
            for number, origin in enumerate(friends, start=1)
        }
        answers |= {
            "a refused origin": check.send(ground.asked_by(few_strangers(check)[0].origin)),
            "no origin": check.send(ground.request),
        }
        if not depends_on_origin(answers):
            continue
        dependent = True
        for who, answer in answers.items():
            stored = "no-store" not in parse(answer.headers.get_all("Cache-Control"))
            check.expect(
                fetch.varies_by(answer.headers, "Origin"),
                ground.place(f"header Vary, {who}"),
                f"The answer to {who} does not tell caches that it depends on the origin.",
                answer,
                expected="Vary: Origin",
                seen=f"Vary: {fetch.value(answer.headers, 'Vary')}",
                confidence=Confidence.CONFIRMED if stored else Confidence.WEAK,
                cause=f"no Vary: Origin for {who.rstrip(' 0123456789')}",
            )
    if not dependent:
        check.not_applicable("All origins, and none, get the same answer.")


@pytest.mark.control("CORS-13")
def test_exposed_headers_are_named_one_by_one(check: Check) -> None:
    granted = False
    for ground in grounds(check):
        answer = check.send(ground.asked_by(friend(check)))
        if not ground.protected or fetch.sharing(friend(check), answer.headers) is Sharing.NOBODY:
            continue
        granted = True
        fault = exposure_fault(answer.headers)
        check.expect(
            not fault,
            ground.place("header Access-Control-Expose-Headers"),
            f"Pages see more of the answer than they need: {fault}.",
            answer,
            expected="the names of the headers that pages need",
            seen=f"{fetch.EXPOSE_HEADERS}: {fetch.value(answer.headers, fetch.EXPOSE_HEADERS)}",
            cause="headers that are exposed",
        )
    if not granted:
        check.not_applicable("No origin is granted a protected read, so nothing is exposed.")
