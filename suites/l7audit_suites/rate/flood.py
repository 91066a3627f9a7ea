"""Buckets as the checks of this area meet them: filled to the brim, emptied, and open again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from l7audit.harness.check import Check
from l7audit.model import Identity, Place
from l7audit.probe.answer import Answer
from l7audit.probe.patience import retry_after
from l7audit.probe.request import Auth, Request
from l7audit.target.target_model import TargetModel
from l7audit_suites.authn.resemblance import differences
from l7audit_suites.rate.bucket_fit import Sample
from l7audit_suites.rate.fields import Policy, policies

UNANNOUNCED = 160
"""Requests that a flood spends where the target announces no quota: more than the limits a minute
that are commonly set (60, 100, 120)."""

STRANGERS = 64
"""Requests of nobody in particular, where members are limited by themselves."""

GUESSES = 60
"""Guesses at one secret that nobody needs who merely forgot."""

MOST = 2_500
"""Requests that any flood may spend."""

CONCURRENCY = 16
_AT_ONCE = 2 * CONCURRENCY
"""As many come at once in any case: a limit may be of a second."""

_STEPS = 8
"""In so many waves, at least, a flood comes: it ends with the first that is held back."""

PATIENCE = 65.0
"""Seconds that a check waits for a bucket that an earlier one has emptied: limits a minute are the
commonest."""


def throttled(answer: Answer) -> bool:
    """Held back for asking too often: 429, or a 503 that says when to come back (RFC 9110)."""
    return answer.status == 429 or (answer.status == 503 and "Retry-After" in answer.headers)


def admitted(answer: Answer) -> bool | None:
    """Whether the limiter let the request pass; None where the answer can't tell."""
    if throttled(answer):
        return False
    return None if answer.status is None or answer.status >= 500 else True


def held_off(answer: Answer, first: Answer) -> bool:
    """Whether somebody who guesses is held off: throttled, or told something else than at first,
    which is how pages and envelopes say it. What merely broke holds nobody off."""
    if throttled(answer):
        return True
    if answer.status is None or answer.status >= 500:
        return False
    return bool(differences(first, answer, ()))


def samples(answers: Sequence[Answer]) -> list[Sample]:
    """The answers as the fit reads them, by their start."""
    found = [Sample(a.started, a.ended, admitted(a)) for a in answers]
    return sorted(found, key=lambda s: s.started)


def tightest(answer: Answer) -> Policy | None:
    """The announced policy with the smallest quota, which is the one that is met first."""
    return min(policies(answer.headers), key=lambda p: p.quota, default=None)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What limits one request: `full` is its answer when nothing had been taken before, `bare` the
    request without its caller, `bound` what a flood spends where no quota is announced; `earlier`
    are those that were answered within the minute before it."""

    check: Check
    operation: Place
    request: Request
    full: Answer
    bare: Request
    who: Identity | None = None
    bound: int = UNANNOUNCED
    earlier: int = 0

    def by(self, auth: Auth) -> Request:
        """The same request, of another caller."""
        return self.bare.with_auth(auth)

    def place(self, part: str = "") -> Place:
        """The operation, narrowed to a part."""
        return Place(operation=self.operation.operation, part=part)

    @property
    def policy(self) -> Policy | None:
        """The announced policy that is met first, or None where none is announced."""
        return tightest(self.full)

    def ask(self) -> Answer:
        """One more request, without patience."""
        return self.check.send(self.request, patience=False)

    def shut(self) -> bool:
        """Whether the plain request is throttled at this moment."""
        return throttled(self.ask())

    @property
    def left(self) -> int:
        """What a flood still has to send where no quota is announced: what the run itself read
        within the last minute, and was not held back, was a part of it."""
        if self.operation in flooded(self.check):
            return self.bound
        return max(min(self.bound, _AT_ONCE), self.bound - self.earlier)

    def flood(self) -> list[Answer]:
        """Sends until something is throttled or the bound is spent; the answers by their start.

        Ends the check where the announced quota is more than a check may spend.
        """
        policy = self.policy
        if policy is not None and policy.quota > MOST:
            self.check.inconclusive(
                f"The announced quota of {policy.quota} is more than a check may spend."
            )
        spared = self.bound - self.left
        bound = self.left if policy is None else min(MOST, 2 * policy.quota + CONCURRENCY)
        step = min(CONCURRENCY, max(1, bound // _STEPS))  # what is sent beyond a refusal is wasted
        answers: list[Answer] = []
        while len(answers) < bound:
            # What is announced is admitted in any case, and drips in again while one waits.
            size = policy.quota if policy is not None and not answers else step
            size = min(max(step, size), bound - len(answers))
            answers += self.check.burst([self.request] * size, CONCURRENCY)
            if any(map(throttled, answers)):
                break
        if not lent(self.check):
            refused = next(filter(throttled, answers), None)
            known = _FLOODED.setdefault(self.check.model, {})
            known[self.operation] = Flooded(self, len(answers) + spared, refused)
        return sorted(answers, key=lambda a: a.started)

    def empty(self) -> Answer:
        """Empties it, as full as it is, and returns an answer that shows it.

        Without a limit the check ends: RATE-01 speaks of that, the others have nothing to test.
        """
        before = flooded(self.check).get(self.operation)
        if before is not None and before.refused is None:
            self.check.inconclusive(
                f"No limit was met by {before.sent} requests before, so none can be walked around."
            )
        asked = self.ask() if before is not None else None
        if asked is not None and throttled(asked):
            return asked
        refused = next(filter(throttled, self.flood()), None)
        if refused is None:
            self.check.inconclusive("No limit was met, so nothing can be said of ways around it.")
        return refused

    def still_answers(self) -> None:
        """The closing witness: the flood broke nothing. That the caller is let in again is not
        waited for: RATE-14 looks at that, and the next check waits only if it needs this caller."""
        self.check.witness(
            "the target still answers after the flood", lambda: admitted(self.ask()) is not None
        )


@dataclass(frozen=True, slots=True)
class Flooded:
    """A bucket that was flooded in this process: with how many requests, and the first answer that
    `refused` somebody, if any did."""

    bucket: Bucket
    sent: int
    refused: Answer | None
    beside: Answer | None = None
    """What somebody else was answered right after it."""


_FLOODED: WeakKeyDictionary[TargetModel, dict[Place, Flooded]] = WeakKeyDictionary()


def flooded(check: Check) -> dict[Place, Flooded]:
    """The buckets that checks of this process flooded, where they share their callers."""
    return _FLOODED.get(check.model, {})


_GUESSED: WeakKeyDictionary[TargetModel, set[Place]] = WeakKeyDictionary()


def guessed(check: Check) -> set[Place]:
    """Where checks of this process guessed passwords and nobody held them off."""
    return _GUESSED.setdefault(check.model, set())


def heard_beside(bucket: Bucket, answer: Answer) -> None:
    """Keeps what somebody else was answered right after a bucket's flood."""
    known = flooded(bucket.check)
    if bucket.operation in known:
        known[bucket.operation] = replace(known[bucket.operation], beside=answer)


def lent(check: Check) -> bool:
    """Whether the profile lends callers with small quotas of their own: a full one for each check.

    Else one flood has to do for all checks: what it emptied is not waited for in between.
    """
    return any("limited" in i.tags for i in check.identities)


def let_in(check: Check, request: Request) -> Answer:
    """The answer to the first one that is not throttled: a flood of before may last for a while.
    The last one where `PATIENCE` is over."""
    deadline = time.monotonic() + PATIENCE
    answer = check.send(request, patience=False)
    while throttled(answer) and time.monotonic() < deadline:
        time.sleep(min(PATIENCE, max(0.2, retry_after(answer.headers) or 1.0)))
        answer = check.send(request, patience=False)
    return answer
