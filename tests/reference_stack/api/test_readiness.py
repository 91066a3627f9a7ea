"""Whether dependencies answer, on a clock of the test's own."""

from __future__ import annotations

import asyncio

from l7audit_stack.api.readiness import Check, Readiness


class Clock:
    now = 10.0

    def __call__(self) -> float:
        return self.now


async def well() -> bool:
    return True


async def away() -> bool:
    raise ConnectionRefusedError


async def hung() -> bool:
    await asyncio.Event().wait()
    return True


def ready(required: Check, optional: Check) -> bool:
    readiness = Readiness({"database": required}, {"store": optional}, seconds=0.05)
    return asyncio.run(readiness.is_ready())


def test_only_a_required_dependency_decides() -> None:
    assert ready(well, well)
    assert ready(well, away)
    assert not ready(away, well)


def test_a_dependency_that_hangs_is_not_ready() -> None:
    assert not ready(hung, well)


def test_nobody_waits_for_what_decides_nothing() -> None:
    asked: list[int] = []

    async def counted() -> bool:
        asked.append(1)
        return True

    assert ready(well, counted)
    assert asked == []
    states = asyncio.run(Readiness({"database": well}, {"store": counted}).states())
    assert asked == [1]
    assert [(s.name, s.required, s.ready) for s in states] == [
        ("database", True, True),
        ("store", False, True),
    ]


def test_answers_are_kept_for_a_short_while() -> None:
    asked: list[int] = []

    async def counted() -> bool:
        asked.append(1)
        return True

    async def main() -> None:
        clock = Clock()
        readiness = Readiness({"database": counted}, {}, keep=0.5, clock=clock)
        await asyncio.gather(*(readiness.states() for _ in range(20)))
        assert len(asked) == 1
        clock.now += 0.6
        await readiness.states()
        assert len(asked) == 2

    asyncio.run(main())
