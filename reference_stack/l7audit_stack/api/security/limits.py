"""The rate limiter: one script call in the store a request, and a stricter one while it is away.

While the store is away each replica counts for itself with a quarter of the policy, so that a
handful of replicas together still admit about what was meant; operations that guard accounts
(login, token) are refused instead, because guessing must not profit from an outage.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files

from l7audit_stack.api.problems import Problem
from l7audit_stack.api.security.buckets import Bucket, RatePolicy, Verdict, take
from l7audit_stack.api.security.rates import POLICIES_KEY, RatePolicies
from l7audit_stack.data.store import Script, Store, StoreAwayError, StoreRefusedError, pack

Header = tuple[bytes, bytes]

SCRIPT = Script(files("l7audit_stack.api.security").joinpath("bucket.lua").read_text())
EPOCH_PREFIX = "l7:epoch:"
_MOST_PACKED = 2_000
# Subjects may hold what an anonymous caller writes: its length must not fill the memory.
_LONGEST_PACKED = 1_000


@lru_cache(maxsize=256)
def _policy_field(name: str, capacity: int, window: int) -> Header:
    return b"ratelimit-policy", b'"%b";q=%d;w=%d' % (name.encode(), capacity, window)


class LocalLimiter:
    """Buckets in this process: the fallback while the store is away. `share` scales policies."""

    def __init__(
        self, clock: Callable[[], float], *, share: float = 0.25, most: int = 10_000
    ) -> None:
        self._clock = clock
        self._share = share
        self._most = most
        self._buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()

    def take(self, subject: str, name: str, policy: RatePolicy) -> Verdict:
        strict = RatePolicy(
            capacity=max(1, math.floor(policy.capacity * self._share)),
            refill=policy.refill * self._share,
            backoff_base=policy.backoff_base,
            backoff_cap=policy.backoff_cap,
            forgive_after=policy.forgive_after,
        )
        now = self._clock()
        key = (subject, name)
        bucket = self._buckets.pop(key, None) or Bucket(tokens=strict.capacity, updated=now)
        self._buckets[key] = bucket
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        verdict = take(bucket, strict, now)
        return Verdict(
            allowed=verdict.allowed,
            remaining=verdict.remaining,
            retry_after=verdict.retry_after,
            reset=verdict.reset,
            capacity=verdict.capacity,
            window=verdict.window,
            offence=verdict.offence,
            strikes=verdict.strikes,
            degraded=True,
        )


class RateLimiter:
    """Decides whether a subject may go on. The overridable steps are `subject_*` and `bucket`."""

    def __init__(
        self,
        store: Store,
        policies: RatePolicies,
        local: LocalLimiter,
        *,
        enabled: bool = True,
    ) -> None:
        self.store = store
        self.policies = policies
        self.local = local
        self.enabled = enabled
        self._tails: dict[tuple[str, str], tuple[str | float, ...]] = {}
        self._packed: dict[tuple[str, str, str, str], bytes] = {}

    def subject_of_principal(self, principal_id: str) -> str:
        """All credentials of a principal share one bucket."""
        return principal_id

    def subject_of_client(self, address: str) -> str:
        return f"ip:{address}"

    def subject_of_account(self, address: str, account: str) -> str:
        return f"account:{address}:{account}"

    def bucket(self, subject: str, name: str) -> str:
        """The store's key of a bucket: who and which policy, never how the request was spelt."""
        return f"l7:bucket:{name}:{subject}"

    async def take(
        self, subject: str, tier: str, name: str, *, fail_closed: bool = False
    ) -> Verdict | None:
        """Take one token of the subject's bucket; None when limits are switched off."""
        if not self.enabled:
            return None
        try:
            return await self.ask_store(subject, tier, name)
        except (StoreAwayError, StoreRefusedError) as error:
            if fail_closed:
                raise Problem(
                    503,
                    "try-again-later",
                    "This operation is not available for the moment.",
                    headers={"Retry-After": "5"},
                ) from error
            return self.local.take(subject, name, self.policies.default(tier, name))

    async def ask_store(self, subject: str, tier: str, name: str) -> Verdict:
        question = (self.bucket(subject, name), subject, tier, name)
        packed = self._packed.get(question)
        if packed is None:
            packed = self._pack(question)
        try:
            answer = await self.store.send(packed)
        except StoreRefusedError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
            keys, tail = self._words(question)
            answer = await self.store.run(SCRIPT, keys, *tail)
        allowed, remaining, retry, reset, capacity, window, offence, strikes, epoch = answer
        return Verdict(
            allowed == 1,
            remaining,
            retry / 1000,
            reset / 1000,
            capacity,
            window,
            offence == 1,
            strikes,
            epoch,
        )

    def _pack(self, question: tuple[str, str, str, str]) -> bytes:
        """The script's call as sent; remembered, because the same caller asks again and again."""
        keys, tail = self._words(question)
        packed = pack("EVALSHA", SCRIPT.sha, len(keys), *keys, *tail)
        if len(packed) <= _LONGEST_PACKED:
            if len(self._packed) >= _MOST_PACKED:
                self._packed.clear()
            self._packed[question] = packed
        return packed

    def _words(
        self, question: tuple[str, str, str, str]
    ) -> tuple[tuple[str, str, str], tuple[str | float, ...]]:
        """The script's keys and arguments."""
        bucket, subject, tier, name = question
        key = (tier, name)
        tail = self._tails.get(key)
        if tail is None:
            policy = self.policies.default(tier, name)
            tail = (
                f"{tier}:{name}",
                policy.capacity,
                policy.refill,
                policy.backoff_base,
                policy.backoff_cap,
                policy.forgive_after,
            )
            self._tails[key] = tail
        return (bucket, POLICIES_KEY, EPOCH_PREFIX + subject), tail

    def headers(self, name: str, verdict: Verdict) -> list[Header]:
        """RateLimit fields of the IETF draft; `t` is when the quota is whole, or when to retry."""
        reset = max(1, math.ceil(verdict.reset))
        fields = [
            _policy_field(name, verdict.capacity, verdict.window),
            (b"ratelimit", b'"%b";r=%d;t=%d' % (name.encode(), verdict.remaining, reset)),
        ]
        if not verdict.allowed:
            fields.append((b"retry-after", b"%d" % max(1, math.ceil(verdict.retry_after))))
        return fields


class Revocations:
    """Tells all replicas that what they remember of a principal is out of date."""

    def __init__(self, store: Store, limiter_subject: Callable[[str], str] = str) -> None:
        self._store = store
        self._subject = limiter_subject

    async def announce(self, principal_id: str) -> bool:
        """Raise the principal's epoch, after the change is in the database.

        False when the store is away; replicas then find out within a second from the database.
        """
        try:
            await self._store.command("INCR", EPOCH_PREFIX + self._subject(principal_id))
        except (StoreAwayError, StoreRefusedError):
            return False
        return True
