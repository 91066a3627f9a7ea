"""What a run folder says of its stack, as its processes come and go."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.homes import Home, Process
from l7audit_stack.deploy.state import StateFile
from l7audit_stack.deploy.system import start_time


@pytest.fixture
def starter() -> Iterator[subprocess.Popen[bytes]]:
    """A process that a stack ends with."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def told(process: subprocess.Popen[bytes]) -> Process:
    return Process(process.pid, start_time(process.pid) or "")


def test_a_stack_whose_starter_is_gone_is_ending(
    tmp_path: Path, starter: subprocess.Popen[bytes]
) -> None:
    state, home = StateFile(tmp_path), Home(tmp_path, -1)
    state.write(home, told(starter))
    assert (state.is_running(), state.is_ending()) == (True, False)
    starter.kill()
    starter.wait()
    assert (state.is_running(), state.is_ending()) == (True, True)
    state.remove(home)
    assert (state.is_running(), state.is_ending()) == (False, False)


def test_a_detached_stack_is_not_ending(tmp_path: Path) -> None:
    state = StateFile(tmp_path)
    state.write(Home(tmp_path, -1))
    assert (state.is_running(), state.is_ending()) == (True, False)
    assert state.running().supervisor.pid == os.getpid()


def test_the_file_of_a_later_stack_stays(tmp_path: Path) -> None:
    state = StateFile(tmp_path)
    state.write(Home(tmp_path / "later", -1))
    state.remove(Home(tmp_path / "earlier", -1))
    assert state.is_running()


def test_without_a_stack_one_sentence_says_so(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="No stack is running"):
        StateFile(tmp_path).running()
    (tmp_path / "stack.json").write_text("{")
    with pytest.raises(StackError, match=r"stack\.json is damaged"):
        StateFile(tmp_path).running()
