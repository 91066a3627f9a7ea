"""Whose buckets the checks of this area meet, and where: of reads, and of guesses at passwords."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.patience import retry_after
from l7audit.probe.request import Auth, Request
from l7audit.target.surface import Surface
from l7audit_suites.authn.ground import holders
from l7audit_suites.authn.password_doors import doors
from l7audit_suites.rate.fields import limits
from l7audit_suites.rate.flood import (
    GUESSES,
    PATIENCE,
    STRANGERS,
    UNANNOUNCED,
    Bucket,
    admitted,
    flooded,
    lent,
    let_in,
    throttled,
    tightest,
)


def caller(check: Check, number: int) -> Identity:
    """One of those with small quotas where the profile has them, a different one a check; else the
    same for all."""
    limited = [i for i in check.identities if "limited" in i.tags]
    if limited:
        return limited[number % len(limited)]
    if not check.identities:
        check.inconclusive("The profile gives no identity.")
    return check.identities[0]


def unhurried(check: Check) -> Identity:
    """Somebody whom no flood of this area came from, as far as there is anybody."""
    return check.identities[1] if len(check.identities) > 1 else caller(check, 0)


def another(check: Check, loud: Identity, number: int) -> Identity:
    """Somebody else than `loud`, with a quota like his. Ends the check where there is nobody."""
    limited = [i for i in check.identities if "limited" in i.tags]
    others = [i for i in limited or check.identities if i.name != loud.name]
    if not others:
        check.inconclusive("The profile gives one identity only.")
    return limited[number % len(limited)] if limited else others[0]


def protected_bucket(check: Check, identity: Identity) -> Bucket:
    """The full bucket of a protected read that the identity may make, or what an earlier check has
    left of it where they share it; the witness is taken."""
    auth = check.sessions.auth(identity)
    surfaces = check.surfaces(Kind.PROTECTED_READ, limit=6)
    for surface in surfaces:
        if known := _known(check, surface, auth):
            return known
    for surface in surfaces:
        request = surface.request(auth=auth)
        full = settle(check, request)
        if full.ok:
            check.witness("the caller is let in before the flood", full)
            earlier = 0 if lent(check) else check.lately(request)
            bare = surface.request()
            return Bucket(check, surface.place(), request, full, bare, identity, earlier=earlier)
    check.inconclusive(f"No protected read answers {identity.name} with success.")


def public_bucket(check: Check) -> Bucket:
    """The full bucket of an anonymous caller; the witness is taken.

    Ends the check where a member, who is not held back either, was flooded in this process.
    """
    surface = check.surface(Kind.PUBLIC_READ)
    if known := _known(check, surface, Auth.none()):
        return known
    members = [f for place, f in flooded(check).items() if place != surface.place()]
    request = surface.request()
    full = settle(check, request)
    check.witness("the public read answers", full)
    if tightest(full) is None and members and all(f.refused is None for f in members):
        check.inconclusive(
            f"No limit is announced, and none was met by {members[0].sent} requests of a member."
        )
    bound = STRANGERS if members else UNANNOUNCED
    earlier = 0 if lent(check) else check.lately(request)
    return Bucket(check, surface.place(), request, full, request, bound=bound, earlier=earlier)


def _known(check: Check, surface: Surface, auth: Auth) -> Bucket | None:
    """The bucket as an earlier check left it, for this one; its first answer is the witness."""
    known = flooded(check).get(surface.place())
    if known is None:
        return None
    check.witness("the caller was let in before the flood", known.bucket.full)
    return replace(known.bucket, check=check, request=surface.request(auth=auth))


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
    full = let_in(check, request)
    check.witness("a guess is answered before the flood", lambda: admitted(full) is True, once=True)
    return Bucket(check, place, request, full, request, bound=GUESSES)


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
