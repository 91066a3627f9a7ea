"""Whatever ends a stack, nothing of it stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from l7audit_stack.deploy.homes import sweep
from l7audit_stack.deploy.stack import Stack, StackError
from l7audit_stack.deploy.system import descendants, start_time
from l7audit_stack.deploy.waiting import wait_until

HOLDER = """
import os, sys, time
from pathlib import Path
from l7audit_stack.deploy.stack import Stack

def say(text):
    print(text, flush=True)

detached = "detached" in sys.argv
stack = Stack.start(Path(sys.argv[1]), replicas=1, detached=detached, progress=say)
with stack:
    if "paused" in sys.argv:
        stack.pause("postgres")
    say(f"up {stack.address().secrets_dir.parent.parent}")
    if detached:
        os._exit(0)
    time.sleep(120)
"""


class _Holder:
    """A process that holds a stack, as a session does."""

    def __init__(self, run_dir: Path, *arguments: str) -> None:
        self.run_dir = run_dir
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(run_dir), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, words: str) -> str:
        """The line that has these words."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if words in line:
                self.supervised = descendants(self.process.pid)
                return line
        raise AssertionError(self.process.communicate()[1])

    def wait_up(self) -> None:
        self.folder = Path(self.wait_for("up ").split()[1])
        state = json.loads((self.run_dir / "stack.json").read_text())
        self.supervisor: int = state["supervisor"]["pid"]
        self.supervised = [self.supervisor, *descendants(self.supervisor)]
        assert len(self.supervised) > 10

    def processes_end(self) -> bool:
        return wait_until(lambda: not any(start_time(pid) for pid in self.supervised), 20)

    def nothing_is_left(self) -> bool:
        return self.processes_end() and wait_until(lambda: not self.folder.exists(), 20)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Callable[..., _Holder]]:
    holders: list[_Holder] = []

    def start(*arguments: str) -> _Holder:
        holders.append(_Holder(tmp_path, *arguments))
        return holders[-1]

    yield start
    for holder in holders:
        holder.end()


def test_kill_9_of_the_parent_ends_a_stack_even_while_a_component_is_paused(
    hold: Callable[..., _Holder],
) -> None:
    holder = hold("paused")
    holder.wait_up()
    holder.process.kill()
    assert holder.nothing_is_left()
    with pytest.raises(StackError, match="No stack is running"):
        Stack.attach(holder.run_dir)


def test_kill_9_of_the_supervisor_leaves_no_process_and_no_data(
    hold: Callable[..., _Holder],
) -> None:
    holder = hold()
    holder.wait_up()
    os.kill(holder.supervisor, signal.SIGKILL)
    assert holder.nothing_is_left()
    with pytest.raises(StackError, match="ended without saying so"):
        Stack.attach(holder.run_dir)
    holder.process.send_signal(signal.SIGINT)  # stopping what is gone does no harm
    assert "KeyboardInterrupt" in holder.process.communicate(timeout=30)[1]


def test_kill_9_of_supervisor_and_guard_leaves_data_that_a_later_run_sweeps(
    hold: Callable[..., _Holder],
) -> None:
    holder = hold()
    holder.wait_up()
    guard = next(iter(descendants(holder.process.pid)))
    for pid in (guard, holder.supervisor):
        os.kill(pid, signal.SIGKILL)
    assert holder.processes_end()
    sweep()  # what every start does first
    assert not holder.folder.exists()


def test_ctrl_c_ends_the_stack_in_good_order(hold: Callable[..., _Holder]) -> None:
    holder = hold()
    holder.wait_up()
    holder.process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in holder.process.communicate(timeout=30)[1]
    assert holder.nothing_is_left()


def test_ctrl_c_while_it_starts_leaves_nothing_either(hold: Callable[..., _Holder]) -> None:
    holder = hold()
    holder.wait_for("store is ready")
    holder.process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in holder.process.communicate(timeout=30)[1]
    assert holder.processes_end()


def test_a_detached_stack_outlives_its_starter_and_ends_when_told(
    hold: Callable[..., _Holder],
) -> None:
    holder = hold("detached")
    holder.wait_up()
    assert holder.process.wait(10) == 0
    stack = Stack.attach(holder.run_dir)
    assert {part.state for part in stack.status()} == {"ready"}
    stack.stop()
    assert holder.nothing_is_left()
    stack.stop()  # twice does no harm


def test_sigint_to_the_supervisor_ends_a_detached_stack(hold: Callable[..., _Holder]) -> None:
    holder = hold("detached")
    holder.wait_up()
    os.kill(holder.supervisor, signal.SIGINT)
    assert holder.nothing_is_left()


def test_a_component_that_cannot_start_is_named_with_its_last_log_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    damaged = tmp_path / "l7audit" / "random-1.gguf"
    damaged.parent.mkdir()
    damaged.write_bytes(b"no model")
    with pytest.raises(StackError) as raised:
        Stack.start(tmp_path / "run")
    said = str(raised.value)
    assert said.startswith("llm did not start: it ended with")
    assert "random-1.gguf can't be served" in said
    assert not (tmp_path / "run" / "stack.json").exists()


def test_a_run_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(StackError, match=r"The system refused: .*run"):
        Stack.start(tmp_path / "run")
