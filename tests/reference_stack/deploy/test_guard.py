"""The guard clears up after a supervisor, whatever ended it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from l7audit_stack.deploy.system import start_time
from l7audit_stack.deploy.waiting import wait_until

# A body with one child that is stopped and has left its session, as the worst component would.
SCRIPT = """
import os, signal, subprocess, sys, time
from l7audit_stack.deploy.guard import guarded
from l7audit_stack.deploy.homes import open_home

def body():
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    child.send_signal(signal.SIGSTOP)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    print(os.getppid(), os.getpid(), child.pid, home.folder, flush=True)
    if len(sys.argv) > 1:
        return int(sys.argv[1])
    time.sleep(60)

home = open_home(needed_bytes=0)
sys.exit(guarded(body, home))
"""


class _Guarded:
    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-c", SCRIPT, *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        self.guard, self.supervisor, self.child = (int(word) for word in words[:3])
        self.folder = Path(words[3])
        self.process.stdout.close()

    def is_gone(self) -> bool:
        pids = (self.guard, self.supervisor, self.child)
        return not any(start_time(pid) for pid in pids) and not self.folder.exists()


@pytest.fixture
def guarded() -> Iterator[_Guarded]:
    started = _Guarded()
    yield started
    started.process.kill()
    started.process.wait(10)


def test_killing_the_supervisor_leaves_no_process_and_no_data(guarded: _Guarded) -> None:
    os.kill(guarded.supervisor, signal.SIGKILL)
    assert guarded.process.wait(10) == 128 + signal.SIGKILL
    assert guarded.is_gone()


def test_signals_to_the_guard_reach_the_supervisor(guarded: _Guarded) -> None:
    guarded.process.send_signal(signal.SIGTERM)
    assert guarded.process.wait(10) == 7
    assert guarded.is_gone()


def test_killing_the_guard_lets_the_supervisor_end_in_good_order(guarded: _Guarded) -> None:
    os.kill(guarded.child, signal.SIGKILL)  # ending components is the supervisor's own business
    guarded.process.kill()
    guarded.process.wait(10)
    assert wait_until(lambda: not start_time(guarded.supervisor), 10)


def test_an_orderly_end_keeps_its_exit_code() -> None:
    started = _Guarded("5")
    assert started.process.wait(10) == 5
    assert started.is_gone()
