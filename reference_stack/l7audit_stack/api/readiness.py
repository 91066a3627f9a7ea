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
class Readiness:
    """Asks the dependencies. `seconds` bounds each question, `keep` is how long answers hold.

    Answers are kept so that a public health check can't be turned into load on the dependencies.
    """

    required: Mapping[str, Check]
    optional: Mapping[str, Check]
    seconds: float = 1.0
    keep: float = 0.5
    clock: Callable[[], float] = time.monotonic
    _kept: tuple[DependencyState, ...] = field(default=(), init=False)
    _until: float = field(default=float("-inf"), init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def states(self) -> tuple[DependencyState, ...]:
        """The state of each dependency, the required ones first."""
        async with self._turn:
            if self.clock() >= self._until:
                asked = [(name, True, check) for name, check in self.required.items()]
                asked += [(name, False, check) for name, check in self.optional.items()]
                self._kept = tuple(await asyncio.gather(*(self._ask(*each) for each in asked)))
                self._until = self.clock() + self.keep
            return self._kept

    async def is_ready(self) -> bool:
        """Whether every required dependency answered."""
        return all(state.ready for state in await self.states() if state.required)

    async def _ask(self, name: str, required: bool, check: Check) -> DependencyState:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self.seconds):
                ready = await check()
        except Exception:  # noqa: BLE001 - however a dependency fails, it is not ready
            ready = False
        taken = (time.perf_counter() - started) * 1000.0
        return DependencyState(name, required, ready, round(taken, 1))
