"""Forks of a warm process run modules as `python -m` would."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from l7audit_stack.deploy.children import Programs
from l7audit_stack.deploy.commands import Module
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.forks import Forks
from l7audit_stack.deploy.system import start_time

Workshop = Callable[[Callable[[Programs, Forks], Awaitable[None]]], None]


def _script(path: Path, **environment: str) -> Module:
    """A module of the standard library that runs a file."""
    return Module("cProfile", ("-o", os.devnull, str(path)), environment)


def test_a_module_runs_as_main_with_its_arguments_and_prints_to_a_file(
    workshop: Workshop, tmp_path: Path
) -> None:
    source, out = tmp_path / "in.json", tmp_path / "out.json"
    source.write_text('{"a": 1}')

    async def work(_: Programs, forks: Forks) -> None:
        module = Module("json.tool", ("--compact", str(source)))
        assert await forks.run(module, tmp_path / "log", out) == 0

    workshop(work)
    assert json.loads(out.read_text()) == {"a": 1}


def test_a_failing_module_leaves_its_traceback_in_the_log_and_a_code(
    workshop: Workshop, tmp_path: Path
) -> None:
    async def work(_: Programs, forks: Forks) -> None:
        assert await forks.run(Module("no_such_module"), tmp_path / "log") == 1

    workshop(work)
    assert "No module named no_such_module" in (tmp_path / "log").read_text()


def test_a_fork_sees_the_environment_it_is_given_and_nothing_of_the_callers(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "1")
    package = tmp_path / "show.py"
    package.write_text("import os, json; print(json.dumps(dict(os.environ)))")
    out = tmp_path / "out"

    async def work(_: Programs, forks: Forks) -> None:
        module = _script(package, STORE_URL="redis://x")
        assert await forks.run(module, tmp_path / "log", out) == 0

    workshop(work)
    seen = json.loads(out.read_text())
    assert seen["STORE_URL"] == "redis://x"
    assert "SECRET_OF_THE_CALLER" not in seen


def test_the_death_of_the_nursery_ends_its_forks_and_is_told_in_a_sentence(
    workshop: Workshop, tmp_path: Path
) -> None:
    script = tmp_path / "sleep.py"
    script.write_text("import time; print('up', flush=True); time.sleep(60)")

    async def work(_: Programs, forks: Forks) -> None:
        log = tmp_path / "log"
        child = await forks.start(_script(script), log)
        while not log.exists() or "up" not in log.read_text():
            await asyncio.sleep(0.01)
        os.kill(forks.nursery.pid, signal.SIGKILL)
        assert await child.exited == -signal.SIGKILL
        while start_time(child.pid):  # the kernel's doing, not ours
            await asyncio.sleep(0.01)
        with pytest.raises(StackError, match="ended by itself"):
            await forks.start(_script(script), log)

    workshop(work)
