"""Whether what the service depends on answers, asked at most once in a short while.

Without the database nothing works, so it alone decides whether the replica is ready; without the
store limits get stricter, and without the language model only chat is refused: degraded, but ready.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

Check = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class DependencyState:
    """One dependency: whether it answered, and after how many milliseconds."""

    name: str
    required: bool
    ready: bool
    milliseconds: float


@dataclass(slots=True)
class _Group:
    """Some dependencies, and what they answered last."""

    required: bool
    checks: Mapping[str, Check]
    kept: tuple[DependencyState, ...] = ()
    until: float = float("-inf")
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Readiness:
    """Asks the dependencies. `seconds` bounds each question, `keep` is how long answers hold.

    Answers are kept so that a public health check can't be turned into load on the dependencies.
    What decides nothing is not asked for that: nobody waits for it, however long it hangs.
    """

    def __init__(
        self,
        required: Mapping[str, Check],
        optional: Mapping[str, Check],
        *,
        seconds: float = 1.0,
        keep: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._required = _Group(True, required)
        self._optional = _Group(False, optional)
        self._seconds = seconds
        self._keep = keep
        self._clock = clock

    async def states(self) -> tuple[DependencyState, ...]:
        """The state of each dependency, the required ones first."""
        groups = (self._required, self._optional)
        first, second = await asyncio.gather(*(self._states(group) for group in groups))
        return (*first, *second)

    async def is_ready(self) -> bool:
        """Whether every required dependency answered."""
        return all(state.ready for state in await self._states(self._required))

    async def _states(self, group: _Group) -> tuple[DependencyState, ...]:
        async with group.turn:
            if self._clock() >= group.until:
                asked = (self._ask(n, group.required, c) for n, c in group.checks.items())
                group.kept = tuple(await asyncio.gather(*asked))
                group.until = self._clock() + self._keep
            return group.kept

    async def _ask(self, name: str, required: bool, check: Check) -> DependencyState:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._seconds):
                ready = await check()
        except Exception:  # noqa: BLE001 - however a dependency fails, it is not ready
            ready = False
        taken = (time.perf_counter() - started) * 1000.0
        return DependencyState(name, required, ready, round(taken, 1))
