"""What the tests of processes share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from l7audit_stack.deploy.children import Programs
from l7audit_stack.deploy.forks import Forks
from l7audit_stack.deploy.homes import Home, open_home
from l7audit_stack.deploy.privilege import Privilege

Workshop = Callable[[Callable[[Programs, Forks], Awaitable[None]]], None]


@pytest.fixture
def home() -> Iterator[Home]:
    """A private folder like a run's."""
    made = open_home(needed_bytes=0)
    yield made
    made.remove()


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """Runs a coroutine function with the means to start processes; they end with it."""

    async def work(function: Callable[[Programs, Forks], Awaitable[None]]) -> None:
        programs = Programs(Privilege.choose())
        forks = await Forks.open(programs, tmp_path / "nursery.log", ())
        try:
            await function(programs, forks)
        finally:
            await forks.close()

    return lambda function: asyncio.run(work(function))
