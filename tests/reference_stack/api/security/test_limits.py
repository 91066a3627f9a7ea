"""The rate limiter with a real store, and without one."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from l7audit_stack.api.problems import Problem
from l7audit_stack.api.security.buckets import RatePolicy, Verdict
from l7audit_stack.api.security.limits import LocalLimiter, RateLimiter, Revocations
from l7audit_stack.api.security.rates import BUILT_IN, RatePolicies, pack
from l7audit_stack.data.database import Database
from l7audit_stack.data.store import Store

if TYPE_CHECKING:
    from tests.reference_stack.conftest import StoreServer

SLOW: Mapping[tuple[str, str], RatePolicy] = {
    **BUILT_IN,
    ("free", "standard"): RatePolicy(capacity=10, refill=0.001),
}


@asynccontextmanager
async def _limiter(url: str, **options: Any) -> AsyncIterator[RateLimiter]:
    store = Store(url, timeout=0.3)
    await store.open()
    rates = RatePolicies(Database("unused"), store, SLOW)
    yield RateLimiter(store, rates, LocalLimiter(lambda: 0.0), **options)
    await store.close()


async def _take(limiter: RateLimiter, subject: str, **options: Any) -> Verdict:
    verdict = await limiter.take(subject, "free", "standard", **options)
    assert verdict is not None
    return verdict


def test_two_replicas_at_once_admit_the_capacity_and_no_more(store_server: StoreServer) -> None:
    async def story() -> int:
        subject = secrets.token_hex(8)
        async with _limiter(store_server.url) as one, _limiter(store_server.url) as two:
            taken = await asyncio.gather(
                *(_take(limiter, subject) for limiter in (one, two) for _ in range(40))
            )
        return sum(verdict.allowed for verdict in taken)

    assert asyncio.run(story()) == 10


def test_only_one_of_a_burst_of_refusals_is_an_offence(store_server: StoreServer) -> None:
    async def story() -> list[Verdict]:
        subject = secrets.token_hex(8)
        async with _limiter(store_server.url) as limiter:
            return await asyncio.gather(*(_take(limiter, subject) for _ in range(30)))

    refused = [verdict for verdict in asyncio.run(story()) if not verdict.allowed]
    assert len(refused) == 20
    assert sum(verdict.offence for verdict in refused) == 1


def test_subjects_and_policies_do_not_share_a_bucket(store_server: StoreServer) -> None:
    async def story() -> list[Verdict]:
        first, second = secrets.token_hex(8), secrets.token_hex(8)
        async with _limiter(store_server.url) as limiter:
            for _ in range(11):
                await _take(limiter, first)
            chat = await limiter.take(first, "free", "chat")
            assert chat is not None
            return [await _take(limiter, first), await _take(limiter, second), chat]

    empty, other, chat = asyncio.run(story())
    assert (empty.allowed, other.allowed, chat.allowed) == (False, True, True)


def test_a_changed_policy_holds_from_the_next_request_on(store_server: StoreServer) -> None:
    async def story() -> list[int]:
        subject, tier = secrets.token_hex(8), f"tier-{secrets.token_hex(4)}"
        async with _limiter(store_server.url) as limiter:
            limiter.policies.built_in = {**SLOW, (tier, "standard"): SLOW["free", "standard"]}
            before = await limiter.take(subject, tier, "standard")
            changed = pack(RatePolicy(capacity=3, refill=0.001))
            await limiter.store.command("HSET", "l7:policies", f"{tier}:standard", changed)
            after = [await limiter.take(subject, tier, "standard") for _ in range(5)]
            await limiter.store.command("HDEL", "l7:policies", f"{tier}:standard")
            assert before is not None
            return [
                before.capacity,
                *(v.capacity for v in after if v),
                sum(v.allowed for v in after if v),
            ]

    assert asyncio.run(story()) == [10, 3, 3, 3, 3, 3, 3]


def test_a_store_that_forgot_the_script_is_taught_again(store_server: StoreServer) -> None:
    async def story() -> Verdict:
        async with _limiter(store_server.url) as limiter:
            await limiter.store.command("SCRIPT", "FLUSH")
            return await _take(limiter, secrets.token_hex(8))

    verdict = asyncio.run(story())
    assert verdict.allowed
    assert not verdict.degraded


def test_an_announced_revocation_raises_the_epoch_of_that_principal(
    store_server: StoreServer,
) -> None:
    async def story() -> list[int | None]:
        subject, other = secrets.token_hex(8), secrets.token_hex(8)
        async with _limiter(store_server.url) as limiter:
            before = (await _take(limiter, subject)).epoch
            assert await Revocations(limiter.store).announce(subject)
            after = (await _take(limiter, subject)).epoch
            return [before, after, (await _take(limiter, other)).epoch]

    assert asyncio.run(story()) == [0, 1, 0]


AWAY = "redis://:x@127.0.0.1:9"


def test_without_the_store_a_quarter_of_the_policy_is_admitted() -> None:
    async def story() -> list[Verdict]:
        async with _limiter(AWAY) as limiter:
            return [await _take(limiter, "subject") for _ in range(10)]

    taken = asyncio.run(story())
    assert sum(verdict.allowed for verdict in taken) == 2
    assert all(verdict.degraded and verdict.epoch is None for verdict in taken)


def test_without_the_store_guarded_operations_are_refused() -> None:
    async def story() -> None:
        async with _limiter(AWAY) as limiter:
            await limiter.take("subject", "anonymous", "login", fail_closed=True)

    with pytest.raises(Problem) as refused:
        asyncio.run(story())
    assert refused.value.status == 503
    assert refused.value.headers["Retry-After"] == "5"


def test_a_silent_store_is_given_up_and_found_again(own_store: StoreServer) -> None:
    """Paused, not dead: the connection stands and nothing answers."""

    async def story() -> list[bool]:
        async with _limiter(own_store.url) as limiter:
            seen = [(await _take(limiter, "subject")).degraded]
            own_store.pause()
            try:
                seen.append((await _take(limiter, "subject")).degraded)
            finally:
                own_store.resume()
            async with asyncio.timeout(20):
                while not limiter.store.here:
                    await asyncio.sleep(0.02)
            return [*seen, (await _take(limiter, "subject")).degraded]

    assert asyncio.run(story()) == [False, True, False]


def test_a_store_that_comes_back_empty_is_used_again(own_store: StoreServer) -> None:
    async def story() -> list[bool]:
        async with _limiter(own_store.url) as limiter:
            seen = [(await _take(limiter, "other")).degraded]
            own_store.stop()
            seen.append((await _take(limiter, "other")).degraded)
            own_store.start()
            async with asyncio.timeout(20):
                while not limiter.store.here:
                    await asyncio.sleep(0.02)
            return [*seen, (await _take(limiter, "other")).degraded]

    assert asyncio.run(story()) == [False, True, False]


def test_switched_off_limits_count_nothing() -> None:
    async def story() -> Verdict | None:
        async with _limiter(AWAY, enabled=False) as limiter:
            return await limiter.take("subject", "free", "standard")

    assert asyncio.run(story()) is None


def _verdict(**changes: Any) -> Verdict:
    values: dict[str, Any] = {
        "allowed": True,
        "remaining": 7,
        "retry_after": 0.0,
        "reset": 1.5,
        "capacity": 10,
        "window": 5,
    }
    return Verdict(**{**values, **changes})


def test_the_fields_say_what_is_enforced() -> None:
    limiter = RateLimiter(Store(AWAY), RatePolicies(Database(""), Store(AWAY)), LocalLimiter(float))
    assert dict(limiter.headers("chat", _verdict())) == {
        b"ratelimit-policy": b'"chat";q=10;w=5',
        b"ratelimit": b'"chat";r=7;t=2',
    }
    refused = dict(
        limiter.headers("chat", _verdict(allowed=False, remaining=0, retry_after=3.2, reset=3.2))
    )
    assert refused[b"retry-after"] == b"4"
    assert refused[b"ratelimit"] == b'"chat";r=0;t=4'


@pytest.mark.parametrize("place", sorted(BUILT_IN))
def test_every_built_in_window_fits_its_quota(place: tuple[str, str]) -> None:
    policy = BUILT_IN[place]
    assert policy.window == math.ceil(policy.capacity / policy.refill)
