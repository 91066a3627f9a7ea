"""Buckets as the checks of this area meet them: filled to the brim, emptied, and open again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.patience import retry_after
from l7audit.probe.request import Auth, Request
from l7audit_suites.authn.ground import holders
from l7audit_suites.authn.password_doors import doors
from l7audit_suites.authn.resemblance import differences
from l7audit_suites.rate.bucket_fit import Sample
from l7audit_suites.rate.fields import Policy, limits, policies

UNANNOUNCED = 400
"""Requests that a flood spends where the target announces no quota."""

GUESSES = 60
"""Guesses at one secret that nobody needs who merely forgot."""

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
    request without its caller."""

    check: Check
    operation: Place
    request: Request
    full: Answer
    bare: Request

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

    def flood(self) -> list[Answer]:
        """Sends until something is throttled or the bound is spent; the answers by their start.

        Ends the check where the announced quota is more than a check may spend.
        """
        policy = self.policy
        if policy is not None and policy.quota > MOST:
            self.check.inconclusive(
                f"The announced quota of {policy.quota} is more than a check may spend."
            )
        bound = UNANNOUNCED if policy is None else min(MOST, 2 * policy.quota + CONCURRENCY)
        answers: list[Answer] = []
        while len(answers) < bound:
            size = min(2 * CONCURRENCY, bound - len(answers))
            answers += self.check.burst([self.request] * size, CONCURRENCY)
            if any(map(throttled, answers)):
                break
        return sorted(answers, key=lambda a: a.started)

    def empty(self) -> Answer:
        """Empties it, as full as it is, and returns an answer that shows it.

        Without a limit the check ends: RATE-01 speaks of that, the others have nothing to test.
        """
        refused = next(filter(throttled, self.flood()), None)
        if refused is None:
            self.check.inconclusive("No limit was met, so nothing can be said of ways around it.")
        return refused

    def opens_again(self) -> None:
        """The closing witness: the target still works, and lets the caller in after its wait."""
        self.check.witness("the caller is let in again after the flood", self._let_in)

    def _let_in(self) -> bool:
        deadline = time.monotonic() + PATIENCE
        answer = self.ask()
        while throttled(answer) and time.monotonic() < deadline:
            time.sleep(min(PATIENCE, max(0.2, retry_after(answer.headers) or 1.0)))
            answer = self.ask()
        return admitted(answer) is True


def caller(check: Check, number: int) -> Identity:
    """One of those with small quotas where the profile has them, a different one a check."""
    limited = [i for i in check.identities if "limited" in i.tags]
    everybody = limited or check.identities
    if not everybody:
        check.inconclusive("The profile gives no identity.")
    return everybody[number % len(everybody)]


def protected_bucket(check: Check, identity: Identity) -> Bucket:
    """The full bucket of a protected read that the identity may make; the witness is taken."""
    auth = check.sessions.auth(identity)
    for surface in check.surfaces(Kind.PROTECTED_READ, limit=6):
        request = surface.request(auth=auth)
        full = settle(check, request)
        if full.ok:
            check.witness("the caller is let in before the flood", full)
            return Bucket(check, surface.place(), request, full, surface.request())
    check.inconclusive(f"No protected read answers {identity.name} with success.")


def public_bucket(check: Check) -> Bucket:
    """The full bucket of an anonymous caller; the witness is taken."""
    surface = check.surface(Kind.PUBLIC_READ)
    request = surface.request()
    full = settle(check, request)
    check.witness("the public read answers", full)
    return Bucket(check, surface.place(), request, full, surface.request())


def guesses(check: Check) -> list[tuple[Place, Callable[[], Request]]]:
    """Where passwords can be guessed, and what makes a guess at an account that nobody has.

    Where somebody of the profile comes in by a password a guess is made in the same way, so that
    it gets as far as the comparison; else as the document says.
    """
    name = f"nobody-{check.control.id.lower()}-{check.random.randrange(10**9)}"
    if not holders(check, ("password", "basic")):
        surface = check.surface(Kind.LOGIN)
        request = check.sessions.login_request(surface, name, "not-the-password")
        return [(surface.place(), lambda: request)]
    found: list[tuple[Place, Callable[[], Request]]] = []
    for door in doors(check):
        _, at, domain = door.known[0][1].name.partition("@")
        account = f"{name}{at}{domain}"
        found.append((door.place(), partial(door.request, account, "not-the-password")))
    return found


def guessing_bucket(check: Check) -> Bucket:
    """The bucket of guesses at the password of an account that nobody has."""
    place, guess = guesses(check)[0]
    request = guess()
    full = check.send(request, patience=False)
    check.witness("a guess is answered before the flood", lambda: admitted(full) is True, once=True)
    return Bucket(check, place, request, full, request)


def settle(check: Check, request: Request) -> Answer:
    """Waits until the request's bucket is full, or says inconclusive after `PATIENCE`.

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
