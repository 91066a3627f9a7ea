"""How a limit treats its callers: back-off, changed policies, fairness, and when to come back."""

from __future__ import annotations

import time

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.rate.fields import limits, policies, retry_after
from l7audit_suites.rate.flood import (
    caller,
    exhausted,
    protected_request,
    settle,
    still_shut,
    throttled,
    tightest,
)
from l7audit_suites.rate.policy_change import tightened

LONGEST = 8.0
"""Seconds that a check waits for a Retry-After."""


@pytest.mark.control("RATE-09")
def test_repeat_offenders_wait_longer(check: Check) -> None:
    if check.target.hints.get("backoff") != "escalating":
        check.not_applicable("The target does not promise escalating back-off (hint `backoff`).")
    surface, request = protected_request(check, caller(check, 9))
    check.witness(
        "the caller is let in before the flood", lambda: settle(check, request), once=True
    )
    waits = []
    for _ in range(3):
        refused = exhausted_once(check, request)
        waits.append(retry_after(refused.headers) or 0.0)
        if len(waits) < 3:
            time.sleep(min(LONGEST, waits[-1]) + 0.1)
    check.expect(
        waits[-1] > waits[0],
        surface.place("repeated offence"),
        "the third offence in a row costs no more than the first",
        refused,
        expected="a growing Retry-After",
        seen=", ".join(f"{w:.0f} s" for w in waits),
    )


def exhausted_once(check: Check, request: Request) -> Answer:
    """Empties the bucket as far as it is full, without waiting for more."""
    for _ in range(60):
        answers = check.burst([request] * 16, 8)
        refused = [a for a in answers if throttled(a)]
        if refused:
            return refused[-1]
    check.inconclusive("No limit was met, so no back-off can be seen.")


@pytest.mark.control("RATE-10")
def test_a_changed_policy_takes_effect(check: Check) -> None:
    _, request = protected_request(check, caller(check, 10))
    before = tightest(settle(check, request))
    if before is None:
        check.inconclusive("No RateLimit-Policy is announced, so a change can't be seen.")
    surface = check.surface(Kind.RATE_POLICY)
    check.witness("the caller is let in", lambda: settle(check, request), once=True)
    with tightened(check, surface, before) as (changed, wanted):
        after = check.send(request, patience=False)
        deadline = time.monotonic() + 2.0
        while not _announces(after, wanted) and time.monotonic() < deadline:
            time.sleep(0.2)
            after = check.send(request, patience=False)
        check.expect(
            _announces(after, wanted),
            surface.place(),
            "a changed policy is not enforced within 2 s",
            changed,
            after,
            expected=f"a quota of {wanted}",
            seen=str([p.quota for p in policies(after.headers)]),
        )


def _announces(answer: Answer, wanted: int) -> bool:
    return any(p.quota == wanted for p in policies(answer.headers))


@pytest.mark.control("RATE-13")
def test_one_principals_flood_does_not_throttle_another(check: Check) -> None:
    surface, flood = protected_request(check, caller(check, 13))
    other = caller(check, 14)  # one with small quotas too: a large one would hide a shared bucket
    if other.name == caller(check, 13).name:
        check.inconclusive("The profile gives one identity only.")
    quiet = surface.request(auth=check.sessions.auth(other))
    check.witness("the other caller is let in", lambda: settle(check, quiet), once=True)
    exhausted(check, flood)
    check.witness("the flooding caller is shut out", still_shut(check, flood), once=True)
    answer = check.send(quiet, patience=False)
    check.expect(
        not throttled(answer),
        surface.place("another principal"),
        "one principal's flood shuts another out",
        answer,
        expected="an answer",
    )


@pytest.mark.control("RATE-14")
def test_a_throttled_answer_says_truly_when_to_come_back(check: Check) -> None:
    surface, request = protected_request(check, caller(check, 14))
    check.witness(
        "the caller is let in before the flood", lambda: settle(check, request), once=True
    )
    refused = exhausted(check, request)
    wait = retry_after(refused.headers)
    resets = [limit.reset for limit in limits(refused.headers) if limit.reset is not None]
    if wait is None and not resets:
        check.not_applicable("A throttled answer names no time; the field is optional (RFC 6585).")
    wait = wait if wait is not None else float(max(resets))
    if resets and "Retry-After" in refused.headers:
        check.expect(
            wait >= min(resets),
            surface.place("header Retry-After"),
            "Retry-After is earlier than the reset of RateLimit",
            refused,
            expected=f"at least {min(resets)} s",
            seen=f"{wait:.0f} s",
        )
    if wait > LONGEST:
        check.inconclusive(f"It says {wait:.0f} s; a check waits {LONGEST:.0f} s at most.")
    time.sleep(max(0.0, wait) + 0.15)
    answer = check.send(request, patience=False)
    check.expect(
        not throttled(answer),
        surface.place("header Retry-After"),
        "a caller that waited as told is still shut out",
        refused,
        answer,
        expected=f"let in after {wait:.0f} s",
    )
