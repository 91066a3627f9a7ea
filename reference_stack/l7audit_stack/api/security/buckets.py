"""The token bucket with escalating back-off, as a pure function: the store's script does the same.

A caller that finds the bucket empty has offended: it is shut out for a time that doubles with each
further offence and is forgiven step by step. Requests while shut out are refused but not counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec


class RatePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`capacity` requests at once, `refill` a second; back-off in seconds."""

    capacity: int
    refill: float
    backoff_base: float = 1.0
    backoff_cap: float = 60.0
    forgive_after: float = 10.0

    @property
    def window(self) -> int:
        """Seconds in which an empty bucket fills: the `w` of RateLimit-Policy."""
        return max(1, math.ceil(self.capacity / self.refill))


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What the limiter says. Times are seconds from now; `epoch` is the revocation epoch seen."""

    allowed: bool
    remaining: int
    retry_after: float
    reset: float
    capacity: int
    window: int
    offence: bool = False
    strikes: int = 0
    epoch: int | None = None
    degraded: bool = False


@dataclass(slots=True)
class Bucket:
    """State of one bucket; times are epoch seconds."""

    tokens: float
    updated: float
    strikes: int = 0
    blocked_until: float = 0.0


def take(bucket: Bucket, policy: RatePolicy, now: float) -> Verdict:
    """Take one token, changing `bucket`."""
    if bucket.blocked_until > now:
        wait = bucket.blocked_until - now
        return _verdict(policy, allowed=False, tokens=0.0, wait=wait, strikes=bucket.strikes)
    if bucket.strikes:
        forgiven = min(
            bucket.strikes, math.floor((now - bucket.blocked_until) / policy.forgive_after)
        )
        bucket.strikes -= forgiven
        bucket.blocked_until += forgiven * policy.forgive_after
    gained = max(0.0, now - bucket.updated) * policy.refill
    bucket.tokens = min(policy.capacity, bucket.tokens + gained)
    bucket.updated = now
    if bucket.tokens >= 1:
        bucket.tokens -= 1
        return _verdict(
            policy, allowed=True, tokens=bucket.tokens, wait=0.0, strikes=bucket.strikes
        )
    bucket.strikes = min(bucket.strikes + 1, 30)
    penalty = min(policy.backoff_cap, policy.backoff_base * 2 ** (bucket.strikes - 1))
    wait = max((1 - bucket.tokens) / policy.refill, penalty)
    bucket.blocked_until = now + wait
    return _verdict(
        policy, allowed=False, tokens=0.0, wait=wait, strikes=bucket.strikes, offence=True
    )


def _verdict(
    policy: RatePolicy,
    *,
    allowed: bool,
    tokens: float,
    wait: float,
    strikes: int,
    offence: bool = False,
) -> Verdict:
    return Verdict(
        allowed=allowed,
        remaining=math.floor(tokens),
        retry_after=wait,
        reset=(policy.capacity - tokens) / policy.refill if allowed else wait,
        capacity=policy.capacity,
        window=policy.window,
        offence=offence,
        strikes=strikes,
    )
