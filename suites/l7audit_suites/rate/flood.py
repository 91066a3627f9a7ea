"""Filling a bucket to its brim and emptying it: how the checks of this area get to a limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.target_model import Surface
from l7audit_suites.rate.bucket_fit import Sample
from l7audit_suites.rate.fields import Policy, limits, policies, retry_after

UNANNOUNCED = 400
"""Requests that a flood spends where the target announces no quota."""

MOST = 2_500
"""Requests that any flood may spend."""

CONCURRENCY = 16
PATIENCE = 45.0
"""Seconds that a check waits for a bucket that an earlier one has emptied."""


def throttled(answer: Answer) -> bool:
    """Held back for asking too often: 429, or a 503 that says when to come back (RFC 9110)."""
    return answer.status == 429 or (answer.status == 503 and "Retry-After" in answer.headers)


def admitted(answer: Answer) -> bool | None:
    """Whether the limiter let the request pass; None where the answer can't tell."""
    if throttled(answer):
        return False
    return None if answer.status is None or answer.status >= 500 else True


def samples(answers: Sequence[Answer]) -> list[Sample]:
    """The answers as the fit reads them, by their start."""
    found = [Sample(a.started, a.ended, admitted(a)) for a in answers]
    return sorted(found, key=lambda s: s.started)


def caller(check: Check, number: int) -> Identity:
    """One of those with small quotas where the profile has them, a different one a check."""
    limited = [i for i in check.identities if "limited" in i.tags]
    everybody = limited or check.identities
    if not everybody:
        check.inconclusive("The profile gives no identity.")
    return everybody[number % len(everybody)]


def protected_request(check: Check, identity: Identity) -> tuple[Surface, Request]:
    """A protected read that the identity may make, and its request. Waits for a full bucket."""
    auth = check.sessions.auth(identity)
    for surface in check.surfaces(Kind.PROTECTED_READ, limit=6):
        request = surface.request(auth=auth)
        if settle(check, request).ok:
            return surface, request
    check.inconclusive(f"No protected read answers {identity.name} with success.")


def settle(check: Check, request: Request) -> Answer:
    """Waits until the request's bucket is full again, or says inconclusive after `PATIENCE`.

    Without RateLimit fields 'full' can't be seen; then being admitted has to do.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = check.send(request, patience=False)
        wait = _wait(answer)
        if wait <= 0:
            return answer
        if time.monotonic() + wait > deadline:
            check.inconclusive(f"The limit was not free again within {PATIENCE:.0f} s.")
        time.sleep(wait)


def _wait(answer: Answer) -> float:
    """Seconds until the bucket behind this answer is full; 0 where it is (but for this one)."""
    if throttled(answer):
        return min(PATIENCE, max(0.2, retry_after(answer.headers) or 1.0))
    tight = tightest(answer)
    left = next((x for x in limits(answer.headers) if tight and x.name == tight.name), None)
    if tight is None or left is None or left.remaining >= tight.quota - 1:
        return 0.0
    return min(PATIENCE, left.reset or 1)


def tightest(answer: Answer) -> Policy | None:
    """The announced policy with the smallest quota, which is the one that is met first."""
    return min(policies(answer.headers), key=lambda p: p.quota, default=None)


def quota_of(check: Check, answer: Answer) -> int | None:
    """The smallest announced quota. Ends the check where emptying it would cost too much."""
    tight = tightest(answer)
    if tight is not None and tight.quota > MOST:
        check.inconclusive(f"The announced quota of {tight.quota} is more than a check may spend.")
    return tight.quota if tight else None


def exhaust(check: Check, request: Request, quota: int | None) -> list[Answer]:
    """Sends until something is throttled or the bound is spent; the answers in order of start."""
    bound = UNANNOUNCED if quota is None else min(MOST, 2 * quota + CONCURRENCY)
    answers: list[Answer] = []
    while len(answers) < bound:
        size = min(4 * CONCURRENCY, bound - len(answers))
        answers += check.burst([request] * size, CONCURRENCY)
        if any(throttled(a) for a in answers):
            break
    return sorted(answers, key=lambda a: a.started)


def exhausted(check: Check, request: Request) -> Answer:
    """Empties the request's bucket and returns an answer that shows it.

    Without a limit the check ends: RATE-01 speaks of that, the others have nothing to test.
    """
    quota = quota_of(check, settle(check, request))
    refused = next((a for a in exhaust(check, request, quota) if throttled(a)), None)
    if refused is None:
        check.inconclusive("No limit was met, so nothing can be said of ways around it.")
    return refused


def still_shut(check: Check, request: Request) -> Callable[[], bool]:
    """A witness: the plain request is throttled at this moment."""
    return lambda: throttled(check.send(request, patience=False))
