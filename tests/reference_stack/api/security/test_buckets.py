"""The token bucket and its back-off, and the store's script beside it."""

from __future__ import annotations

import asyncio
import math
import random
import secrets
from typing import TYPE_CHECKING

import pytest

from l7audit_stack.api.security.buckets import Bucket, RatePolicy, Verdict, take
from l7audit_stack.api.security.limits import SCRIPT
from l7audit_stack.data.store import Script, Store

if TYPE_CHECKING:
    from tests.reference_stack.conftest import StoreServer

POLICY = RatePolicy(capacity=5, refill=2.0, backoff_base=1.0, backoff_cap=8.0, forgive_after=10.0)


def _empty(now: float = 100.0) -> Bucket:
    bucket = Bucket(tokens=POLICY.capacity, updated=now)
    for _ in range(POLICY.capacity):
        assert take(bucket, POLICY, now).allowed
    return bucket


def test_a_full_bucket_gives_its_capacity_and_no_more() -> None:
    verdict = take(_empty(), POLICY, 100.0)
    assert not verdict.allowed
    assert verdict.offence
    assert verdict.remaining == 0


def test_after_the_announced_wait_there_is_a_token_again() -> None:
    bucket = _empty()
    wait = take(bucket, POLICY, 100.0).retry_after
    assert not take(bucket, POLICY, 100.0 + wait - 0.01).allowed
    assert take(bucket, POLICY, 100.0 + wait).allowed


def test_each_further_offence_doubles_the_wait_up_to_the_cap() -> None:
    bucket, now, waits = _empty(), 100.0, []
    for _ in range(6):
        verdict = take(bucket, POLICY, now)
        while verdict.allowed:
            verdict = take(bucket, POLICY, now)
        waits.append(verdict.retry_after)
        now += verdict.retry_after
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_requests_while_shut_out_do_not_lengthen_the_wait() -> None:
    bucket = _empty()
    first = take(bucket, POLICY, 100.0)
    later = [take(bucket, POLICY, 100.5) for _ in range(50)]
    assert not any(verdict.offence for verdict in later)
    assert {verdict.retry_after for verdict in later} == {first.retry_after - 0.5}


def test_offences_are_forgiven_step_by_step() -> None:
    bucket = _empty()
    take(bucket, POLICY, 100.0)
    bucket.strikes = 3
    assert take(bucket, POLICY, 112.0).strikes == 2
    assert take(bucket, POLICY, 121.0).strikes == 1
    assert take(bucket, POLICY, 300.0).strikes == 0


def test_the_window_is_the_time_an_empty_bucket_takes_to_fill() -> None:
    assert RatePolicy(capacity=2000, refill=500).window == 4
    assert RatePolicy(capacity=1, refill=100).window == 1
    assert RatePolicy(capacity=10, refill=3).window == 4


def test_no_schedule_of_requests_gets_more_than_capacity_and_refill() -> None:
    choose = random.Random(7)
    for _ in range(50):
        bucket, now, admitted = Bucket(tokens=POLICY.capacity, updated=0.0), 0.0, 0
        for _ in range(200):
            now += choose.choice((0.0, 0.01, 0.3, 2.0))
            admitted += take(bucket, POLICY, now).allowed
        assert admitted <= POLICY.capacity + POLICY.refill * now


def test_the_stores_script_decides_as_the_function_does(store_server: StoreServer) -> None:
    source = SCRIPT.source
    # The test plays the clock: the script takes its time from a seventh argument instead.
    line = "local time = redis.call('TIME')\nlocal now = time[1] + time[2] / 1000000"
    assert line in source
    script = Script(source.replace(line, "local now = tonumber(ARGV[7])"))
    choose = random.Random(11)
    # The store expires buckets by its own clock, so the played one must not run far from it.
    steps = [choose.choice((0.0, 0.05, 0.5, 1.0, 3.0)) for _ in range(120)]

    async def play() -> list[tuple[Verdict, list[int]]]:
        store = Store(store_server.url)
        await store.open()
        name, now, pairs = secrets.token_hex(8), 1000.0, []
        bucket = Bucket(tokens=POLICY.capacity, updated=now)
        for step in steps:
            now += step
            expected = take(bucket, POLICY, now)
            got = await store.run(
                script,
                (f"bucket:{name}", f"policies:{name}", f"epoch:{name}"),
                "free:standard",
                POLICY.capacity,
                POLICY.refill,
                POLICY.backoff_base,
                POLICY.backoff_cap,
                POLICY.forgive_after,
                repr(now),
            )
            pairs.append((expected, got))
        await store.close()
        return pairs

    for expected, got in asyncio.run(play()):
        allowed, remaining, retry, reset, capacity, window, offence, strikes, epoch = got
        assert (allowed == 1, remaining, capacity, window) == (
            expected.allowed,
            expected.remaining,
            expected.capacity,
            expected.window,
        )
        assert (offence == 1, strikes, epoch) == (expected.offence, expected.strikes, 0)
        assert retry == pytest.approx(math.ceil(expected.retry_after * 1000), abs=1)
        assert reset == pytest.approx(math.ceil(expected.reset * 1000), abs=1)
