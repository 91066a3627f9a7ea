"""That there is a limit, that it is the announced one, and that it holds under concurrency."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence
from l7audit_suites.rate.bucket_fit import Quota, fitted, overrun
from l7audit_suites.rate.buckets import another, caller, protected_bucket, settle
from l7audit_suites.rate.flood import CONCURRENCY, Bucket, heard_beside, lent, samples, throttled

SAMPLE = 320
"""Decisions that RATE-03 looks at: no wrong one among 300 bounds their rate below 1 %."""


@pytest.mark.control("RATE-01")
def test_a_caller_who_asks_too_often_is_throttled(check: Check) -> None:
    bucket = protected_bucket(check, caller(check, 1))
    before = 0 if bucket.policy is not None else bucket.bound - bucket.left
    answers = bucket.flood()
    within = f"within {len(answers) + before} requests"
    if not lent(check) and any(map(throttled, answers)) and len(check.identities) > 1:
        quiet = another(check, check.identities[0], 1)
        beside = check.send(bucket.by(check.sessions.auth(quiet)), patience=False)
        heard_beside(bucket, beside)
    if sum(a.status is not None for a in answers) < len(answers) // 2:
        check.inconclusive("More than half of the flood got no answer at all.")
    seconds = answers[-1].ended - answers[0].started
    announced = bucket.policy is not None
    check.expect(
        any(map(throttled, answers)),
        bucket.place(),
        "a caller may ask as often as it likes",
        answers[-1],
        expected=f"429 {'beyond the quota' if announced else within}",
        seen=f"none of {len(answers)} requests in {seconds:.1f} s was throttled"
        + (f", nor any of {before} in the minute before" if before else ""),
        # Without an announced quota the limit may simply lie beyond what a check may spend.
        confidence=Confidence.STRONG if announced else Confidence.WEAK,
    )
    bucket.still_answers()


@pytest.mark.control("RATE-02")
def test_the_announced_quota_is_the_enforced_one(check: Check) -> None:
    bucket = protected_bucket(check, caller(check, 2))
    policy = bucket.policy
    if policy is None:
        check.not_applicable("No RateLimit-Policy is announced; the field is a draft's.")
    if not policy.window:
        check.inconclusive("The policy names no window, so its refill is not known.")
    refill = policy.quota / policy.window
    answers = [bucket.full, *(bucket.ask() for _ in range(policy.quota + int(3 * refill) + 10))]
    taken = samples(answers)
    before = next((i for i, s in enumerate(taken) if s.admitted is False), len(taken))
    # The window is announced in whole seconds, so the refill is known to that grain only.
    slack = 2 + refill * (taken[-1].ended - taken[0].started) / policy.window
    excess = overrun(taken, Quota(policy.quota, refill))
    check.measure("requests admitted at once", "count", value=before)
    check.measure("requests beyond the announced quota", "count", value=max(0.0, excess))
    place = bucket.place("header RateLimit-Policy")
    check.expect(
        excess <= slack,
        place,
        "more is admitted than the announced quota says",
        answers[before - 1],
        expected=f"at most {policy.quota} and {refill:.3g} a second",
        seen=f"{excess:.0f} requests above that",
    )
    check.expect(
        before >= policy.quota - 2,
        place,
        "a full bucket admits less than the announced quota",
        answers[min(before, len(answers) - 1)],
        expected=f"{policy.quota} at once",
        seen=f"throttled after {before}",
    )
    bucket.still_answers()


@pytest.mark.control("RATE-03")
def test_the_limit_holds_under_concurrency(check: Check) -> None:
    bucket = protected_bucket(check, caller(check, 3))
    limit = announced_or_measured(check, bucket)
    settle(check, bucket.request)
    size = max(check.sample(SAMPLE, force=True), int(2 * limit.capacity) + 2 * CONCURRENCY)
    answers = check.burst([bucket.request] * size, 2 * CONCURRENCY)
    if not any(map(throttled, answers)):
        check.inconclusive("The flood met no limit; RATE-01 speaks of that.")
    excess = overrun(samples(answers), limit)
    over = max(0, round(excess - 2))
    check.measure(
        "requests decided as the limit says",
        "ratio",
        successes=len(answers) - over,
        trials=len(answers),
        documented="rate-limit-compliance",
    )
    check.expect(
        excess <= 2,
        bucket.place(),
        "parallel requests are admitted beyond the limit",
        answers[-1],
        expected=f"at most {limit.capacity:.0f} and {limit.refill:.3g} a second",
        seen=f"{excess:.0f} more, {2 * CONCURRENCY} at a time",
    )
    bucket.still_answers()


def announced_or_measured(check: Check, bucket: Bucket) -> Quota:
    """The limit to hold parallel requests against: what one caller alone is admitted, at least."""
    policy = bucket.policy
    if policy is not None and policy.window:
        return Quota(policy.quota, policy.quota / policy.window)
    if not lent(check):
        # Whether it is a bucket, a fixed window or a sliding one can't be seen from what is left.
        check.inconclusive("No quota is announced that parallel requests could be held against.")
    fit = fitted(samples([bucket.ask() for _ in range(200)]))
    if fit is None:
        check.inconclusive("No limit was met one by one, so there is none to compare with.")
    settle(check, bucket.request)
    return fit
