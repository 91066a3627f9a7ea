"""How a limit treats its callers: back-off, changed policies, fairness, and when to come back."""

from __future__ import annotations

import time

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.probe.patience import retry_after
from l7audit_suites.rate.buckets import another, caller, protected_bucket, settle
from l7audit_suites.rate.fields import limits, policies
from l7audit_suites.rate.flood import Bucket, flooded, throttled
from l7audit_suites.rate.policy_change import tightened

LONGEST = 8.0
"""Seconds that a check waits for a Retry-After."""

OFFENCES = 3


@pytest.mark.control("RATE-09")
def test_repeat_offenders_wait_longer(check: Check) -> None:
    if check.target.hints.get("backoff") != "escalating":
        check.not_applicable("The target does not promise escalating back-off (hint `backoff`).")
    bucket = protected_bucket(check, caller(check, 9))
    refusals = [bucket.empty()]
    while len(refusals) < OFFENCES:
        time.sleep(min(LONGEST, retry_after(refusals[-1].headers) or 0.0) + 0.1)
        refusals.append(bucket.empty())
    waits = [retry_after(a.headers) or 0.0 for a in refusals]
    check.expect(
        waits[-1] > waits[0],
        bucket.place("repeated offence"),
        "the third offence in a row costs no more than the first",
        refusals[0],
        refusals[-1],
        expected="a growing Retry-After",
        seen=", ".join(f"{w:.0f} s" for w in waits),
    )


@pytest.mark.control("RATE-10")
def test_a_changed_policy_takes_effect(check: Check) -> None:
    bucket = protected_bucket(check, caller(check, 10))
    if bucket.policy is None:
        check.inconclusive("No RateLimit-Policy is announced, so a change can't be seen.")
    surface = check.surface(Kind.RATE_POLICY)
    with tightened(check, surface, bucket.policy) as (changed, wanted):
        after = bucket.ask()
        deadline = time.monotonic() + 2.0
        while not _announces(after, wanted) and time.monotonic() < deadline:
            time.sleep(0.2)
            after = bucket.ask()
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
    # Both with small quotas: a large one would hide a shared bucket.
    loud = caller(check, 13)
    quiet = another(check, loud, 14)
    bucket = protected_bucket(check, loud)
    answer = _heard(bucket)
    if answer is None:
        request = bucket.by(check.sessions.auth(quiet))
        check.witness("the quiet caller is let in", settle(check, request))
        bucket.empty()
        check.witness("the loud caller is shut out", bucket.shut())
        answer = check.send(request, patience=False)
    check.expect(
        not throttled(answer),
        bucket.place("another principal"),
        "one principal's flood shuts another out",
        answer,
        expected="an answer",
    )
    bucket.still_answers()


def _heard(bucket: Bucket) -> Answer | None:
    """What a quiet caller got while the loud one was shut out by an earlier flood of this process;
    only that he was let in is taken at its word."""
    known = flooded(bucket.check).get(bucket.operation)
    return None if known is None or known.beside is None or not known.beside.ok else known.beside


@pytest.mark.control("RATE-14")
def test_a_throttled_answer_says_truly_when_to_come_back(check: Check) -> None:
    bucket = protected_bucket(check, caller(check, 15))
    earlier = flooded(check).get(bucket.operation)
    refused = earlier.refused if earlier is not None and earlier.refused else bucket.empty()
    told = retry_after(refused.headers)
    resets = [limit.reset for limit in limits(refused.headers) if limit.reset is not None]
    if told is None and not resets:
        check.not_applicable("A throttled answer names no time; the field is optional (RFC 6585).")
    place = bucket.place("header Retry-After")
    if told is not None and resets:
        check.expect(
            told >= min(resets),
            place,
            "Retry-After is earlier than the reset of RateLimit",
            refused,
            expected=f"at least {min(resets)} s",
            seen=f"{told:.0f} s",
        )
    wait = told if told is not None else float(max(resets))
    answer = _waited(bucket, refused, wait)
    if throttled(answer) and earlier is not None:  # what others sent since then counted, too
        refused, wait = answer, retry_after(answer.headers) or wait
        answer = _waited(bucket, refused, wait)
    check.expect(
        not throttled(answer),
        place,
        "a caller that waited as told is still shut out",
        refused,
        answer,
        expected=f"let in after {wait:.0f} s",
    )


def _waited(bucket: Bucket, refused: Answer, wait: float) -> Answer:
    """The answer to who waits for as long as he was told when he was refused, in seconds."""
    left = wait - (time.perf_counter() - refused.ended)
    if left > LONGEST:
        bucket.check.inconclusive(f"It says {wait:.0f} s; a check waits {LONGEST:.0f} s at most.")
    time.sleep(max(0.0, left) + 0.1)
    return bucket.ask()
