"""Deadlines of handlers."""

from __future__ import annotations

import asyncio

import pytest

from l7audit_stack.api.deadlines import Deadlines


def test_work_within_its_time_gives_its_result() -> None:
    async def work() -> int:
        return 7

    assert asyncio.run(Deadlines().run(work(), 5.0)) == 7


def test_work_past_its_time_is_cancelled() -> None:
    cancelled = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    with pytest.raises(TimeoutError):
        asyncio.run(Deadlines(every=0.01).run(work(), 0.02))
    assert cancelled == [True]


def test_a_cancellation_from_outside_stays_one() -> None:
    async def story() -> None:
        started = asyncio.Event()

        async def work() -> None:
            started.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(Deadlines().run(work(), 60))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
