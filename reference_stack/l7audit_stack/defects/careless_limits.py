"""Rate limiters as they are written in a hurry."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import msgspec

from l7audit_stack.api.security.buckets import Bucket, RatePolicy, Verdict, take
from l7audit_stack.api.security.limits import Header, RateLimiter
from l7audit_stack.api.security.rates import RatePolicies

SPELLING: ContextVar[str] = ContextVar("SPELLING", default="")
"""What of the request a careless key is made of; set around the app by `remembered`."""


class ForAnonymousOnly(RateLimiter):
    """Whoever has logged in is trusted."""

    async def take(
        self, subject: str, tier: str, name: str, *, fail_closed: bool = False
    ) -> Verdict | None:
        if tier != "anonymous":
            return None
        return await super().take(subject, tier, name, fail_closed=fail_closed)


class NotFor(RateLimiter):
    """Forgets the limits of some policies."""

    forgotten: tuple[str, ...] = ()

    async def take(
        self, subject: str, tier: str, name: str, *, fail_closed: bool = False
    ) -> Verdict | None:
        if name in self.forgotten:
            return None
        return await super().take(subject, tier, name, fail_closed=fail_closed)


class NotForLogin(NotFor):
    """The login was written before the limiter."""

    forgotten = ("login",)


class NotForLogins(NotFor):
    """Guesses are counted for each account, and for nobody's list of accounts."""

    forgotten = ("logins",)


class NotForResets(NotFor):
    """Codes for a new password are asked for and tried as often as anybody likes."""

    forgotten = ("reset", "reset-code")


class NotForCostly(NotFor):
    """What computes for long counts no more than what does not."""

    forgotten = ("chat", "search")


class NotForPublic(NotFor):
    """What nobody owns is not counted."""

    forgotten = ("public",)


_AWAY = 0.003
"""Seconds to a store that is not on the same machine."""


class ReadsThenWrites(RateLimiter):
    """Reads the bucket, decides, writes it back: three steps where one was due."""

    async def ask_store(self, subject: str, tier: str, name: str) -> Verdict:
        policy = self.policies.default(tier, name)
        key = f"l7:plain:{name}:{subject}"
        seconds, micros = await self.store.command("TIME")
        now = int(seconds) + int(micros) / 1e6
        state = await self.store.command("GET", key)
        bucket = (
            msgspec.json.decode(state, type=Bucket)
            if state
            else Bucket(tokens=policy.capacity, updated=now)
        )
        verdict = take(bucket, policy, now)
        await asyncio.sleep(_AWAY)
        await self.store.command("SET", key, msgspec.json.encode(bucket), "EX", 120)
        return verdict


class KeyedBySpelling(RateLimiter):
    """Makes the key from something that the caller writes."""

    def subject_of_principal(self, principal_id: str) -> str:
        return f"{principal_id}:{SPELLING.get()}"


class OneForAll(RateLimiter):
    """The limit protects the service, so why count callers?"""

    def subject_of_principal(self, principal_id: str) -> str:
        return "everybody"


class PerReplica(RateLimiter):
    """Counts in the process's memory; the store is only asked what was revoked."""

    async def ask_store(self, subject: str, tier: str, name: str) -> Verdict:
        shared = await super().ask_store(subject, tier, name)
        own = self.local.take(subject, name, self.policies.default(tier, name))
        return msgspec.structs.replace(own, epoch=shared.epoch, degraded=False)


class AnnouncesHalf(RateLimiter):
    """Fills the fields from a configuration that nobody has updated."""

    def headers(self, name: str, verdict: Verdict) -> list[Header]:
        half = max(1, verdict.capacity // 2)
        shown = msgspec.structs.replace(
            verdict, capacity=half, remaining=min(half - 1, verdict.remaining)
        )
        return super().headers(name, shown)


class AnnouncesTwoPolicies(RateLimiter):
    """Announces a daily quota beside the short one, as the standard allows."""

    def headers(self, name: str, verdict: Verdict) -> list[Header]:
        more = {
            b"ratelimit-policy": b', "day";q=1000000;w=86400',
            b"ratelimit": b', "day";r=999000',
        }
        return [(n, v + more.get(n, b"")) for n, v in super().headers(name, verdict)]


class RoundsDown(RateLimiter):
    """Retry-After is cut to whole seconds, so it is always too early."""

    def headers(self, name: str, verdict: Verdict) -> list[Header]:
        early = b"%d" % max(0, int(verdict.retry_after - 0.001))
        fields = super().headers(name, verdict)
        return [(n, early if n == b"retry-after" else v) for n, v in fields]


class PoliciesOfTheStart(RatePolicies):
    """A change is kept for the next start, and nobody tells the store that decides."""

    async def change(self, tier: str, name: str, policy: RatePolicy) -> None:
        await self._database.execute(
            "INSERT INTO rate_policies (tier, name, capacity, refill, backoff_base, backoff_cap,"
            " forgive_after) VALUES ($1, $2, $3, $4, $5, $6, $7)"
            " ON CONFLICT (tier, name) DO UPDATE SET capacity = $3, refill = $4",
            tier,
            name,
            policy.capacity,
            policy.refill,
            policy.backoff_base,
            policy.backoff_cap,
            policy.forgive_after,
        )
