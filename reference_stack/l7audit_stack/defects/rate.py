"""Planted defects of rate limits: what is counted, by whom, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import msgspec

from l7audit_stack.api.security.limits import LocalLimiter, RateLimiter
from l7audit_stack.api.security.rates import BUILT_IN, RatePolicies
from l7audit_stack.defects import careless_limits as careless
from l7audit_stack.defects.answers import Asked, Told, asked, heads
from l7audit_stack.defects.defect import ASGIApp, Defect
from l7audit_stack.defects.edge import believe_forwarded_for

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts


def _limiter(kind: type[RateLimiter], share: float = 0.25) -> Callable[[Parts], Parts]:
    """The limiter's place taken by a careless one."""

    def swap(parts: Parts) -> Parts:
        local = LocalLimiter(parts.clock, share=share)
        return replace(parts, limiter=kind(parts.store, parts.rates, local))

    return swap


def _built_in(
    kind: type[RatePolicies] = RatePolicies,
    tiers: frozenset[str] = frozenset(),
    names: frozenset[str] = frozenset(),
    **changes: Any,
) -> Callable[[Parts], Parts]:
    """Other built-in policies, of some tiers and names or of all."""

    def meant(tier: str, name: str) -> bool:
        return (not tiers or tier in tiers) and (not names or name in names)

    policies = {
        key: msgspec.structs.replace(policy, **changes) if meant(*key) else policy
        for key, policy in BUILT_IN.items()
    }

    def swap(parts: Parts) -> Parts:
        rates = kind(parts.database, parts.store, policies)
        limiter = RateLimiter(parts.store, rates, LocalLimiter(parts.clock))
        return replace(parts, rates=rates, limiter=limiter)

    return swap


def _remembered(spelling: Callable[[Asked, dict[str, Any]], str]) -> Any:
    """A wrapper that keeps something of each request for `careless.KeyedBySpelling`."""

    def wrap(app: ASGIApp, parts: Parts) -> ASGIApp:  # noqa: ARG001
        async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                careless.SPELLING.set(spelling(asked(scope), scope))
            await app(scope, receive, send)

        return wrapped

    return wrap


def _forwarded_for(request: Asked, _: dict[str, Any]) -> str:
    return request.headers.get("x-forwarded-for", "").split(",")[0].strip()


def _credential(request: Asked, _: dict[str, Any]) -> str:
    return request.headers.get("x-api-key", "") or request.headers.get("authorization", "")


def _raw_target(request: Asked, scope: dict[str, Any]) -> str:
    return f"{request.method} {scope['raw_path']!r}?{scope['query_string']!r}"


def _sheds(_: Asked, told: Told, __: Parts) -> Told:
    return replace(told, status=503) if told.status == 429 else told


def _dated(_: Asked, told: Told, __: Parts) -> Told:
    wait = told.get("retry-after")
    if told.status != 429 or not wait.isdigit():
        return told
    # A date has whole seconds, so the next one is the first that is surely not too early.
    then = datetime.now(UTC) + timedelta(seconds=int(wait) + 1)
    return told.put({"retry-after": format_datetime(then, usegmt=True)})


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "rate.switched-off",
        "Only anonymous callers are limited; whoever has logged in is trusted.",
        parts=_limiter(careless.ForAnonymousOnly),
    ),
    Defect(
        "rate.sheds-with-503",
        "A throttled caller gets 503 with Retry-After, as an overloaded service may say.",
        near_miss=True,
        wrap=heads(_sheds),
    ),
    Defect(
        "rate.announces-half",
        "RateLimit-Policy shows half of what is enforced.",
        parts=_limiter(careless.AnnouncesHalf),
    ),
    Defect(
        "rate.announces-two-policies",
        "A daily quota is announced beside the short one.",
        near_miss=True,
        parts=_limiter(careless.AnnouncesTwoPolicies),
    ),
    Defect(
        "rate.reads-then-writes",
        "The bucket of a store nearby is read, decided on and written back in separate steps.",
        parts=_limiter(careless.ReadsThenWrites),
    ),
    Defect(
        "rate.keyed-by-forwarded-for",
        "A principal's bucket is chosen by X-Forwarded-For too.",
        parts=_limiter(careless.KeyedBySpelling),
        wrap=_remembered(_forwarded_for),
        edge=believe_forwarded_for,
    ),
    Defect(
        "rate.refills-quickly",
        "Anonymous callers are let in again after a few hundredths of a second.",
        near_miss=True,
        parts=_built_in(tiers=frozenset({"anonymous"}), backoff_base=0.0, refill=15.0),
    ),
    Defect(
        "rate.keyed-by-credential",
        "Each key and each token has a bucket of its own.",
        parts=_limiter(careless.KeyedBySpelling),
        wrap=_remembered(_credential),
    ),
    Defect(
        "rate.keyed-by-raw-target",
        "The bucket is chosen by method and target as they were written.",
        parts=_limiter(careless.KeyedBySpelling),
        wrap=_remembered(_raw_target),
    ),
    Defect(
        "rate.unknown-routes-unlimited",
        "Paths that lead nowhere are answered 404 without being counted.",
        near_miss=True,
        parts=_limiter(careless.NotForPublic),
    ),
    Defect(
        "rate.counts-per-replica",
        "Each replica counts in its own memory.",
        parts=_limiter(careless.PerReplica, share=1.0),
        replicas=2,
    ),
    Defect(
        "rate.no-escalation",
        "Each offence costs the same, however many there were before.",
        parts=_built_in(backoff_cap=1.0),
    ),
    Defect(
        "rate.policies-frozen",
        "A changed policy waits for the next start.",
        parts=_built_in(careless.PoliciesOfTheStart),
    ),
    Defect(
        "rate.login-unlimited",
        "The login was left out of the limits.",
        parts=_limiter(careless.NotForLogin),
    ),
    Defect(
        "rate.lists-of-accounts-unlimited",
        "Guesses are counted for each account by itself: a list of accounts is tried through.",
        parts=_limiter(careless.NotForLogins),
    ),
    Defect(
        "rate.many-may-log-in-from-one-address",
        "One address may log in for a whole office before it is held back.",
        near_miss=True,
        parts=_built_in(names=frozenset({"logins"}), capacity=60.0),
    ),
    Defect(
        "rate.resets-unlimited",
        "Codes for a new password may be asked for and tried without limit.",
        parts=_limiter(careless.NotForResets),
    ),
    Defect(
        "rate.costly-unlimited",
        "The language model answers and searches run as often as anybody likes.",
        parts=_limiter(careless.NotForCostly),
    ),
    Defect(
        "rate.one-bucket-for-all",
        "All principals share one bucket.",
        parts=_limiter(careless.OneForAll),
    ),
    Defect(
        "rate.retry-after-too-early",
        "Retry-After is rounded down.",
        parts=_limiter(careless.RoundsDown),
    ),
    Defect(
        "rate.retry-after-as-date",
        "Retry-After is a date, as RFC 9110 allows.",
        near_miss=True,
        wrap=heads(_dated),
    ),
)
