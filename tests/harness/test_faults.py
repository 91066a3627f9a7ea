"""A component is killed or frozen when a check says so, and mended in any case."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from l7audit.errors import ProviderError
from l7audit.harness.faults import Injector
from l7audit.model import Component

OBEYS = """
import sys
print("ready", flush=True)
for line in sys.stdin:
    with open(sys.argv[1], "a") as file:
        file.write(line)
    print("ok", flush=True)
"""
REFUSES = (
    'import sys; print("ready", flush=True); [print("not today", flush=True) for _ in sys.stdin]'
)


def _component(program: str, *arguments: str) -> Component:
    control = [sys.executable, "-c", program, *arguments]
    return Component(name="api-1", url="http://127.0.0.1:1", control=control)


def test_what_was_killed_is_started_again(tmp_path: Path) -> None:
    told: list[str] = []
    injector = Injector(_component(OBEYS, str(tmp_path / "deeds")), told.append)
    assert injector.kill() >= 0
    assert (tmp_path / "deeds").read_text() == "kill\n"
    injector.heal()
    assert (tmp_path / "deeds").read_text() == "kill\nrestart\n"
    assert told == ["kill", "restart"]


def test_what_was_frozen_is_let_go_on_and_may_be_killed_then(tmp_path: Path) -> None:
    told: list[str] = []
    injector = Injector(_component(OBEYS, str(tmp_path / "deeds")), told.append)
    injector.pause()
    injector.mend()
    injector.kill()
    injector.heal()
    assert told == ["pause", "resume", "kill", "restart"]


def test_what_was_not_killed_is_left_alone(tmp_path: Path) -> None:
    told: list[str] = []
    injector = Injector(_component(OBEYS, str(tmp_path / "deeds")), told.append)
    injector.heal()
    assert told == []
    assert not (tmp_path / "deeds").exists()


def test_a_component_that_does_not_obey_says_why() -> None:
    injector = Injector(_component(REFUSES), lambda _: None)
    with pytest.raises(ProviderError, match="api-1 did not obey: not today"):
        injector.kill()
    with pytest.raises(ProviderError, match="not today"):
        injector.heal()


@pytest.mark.parametrize("program", ["pass", "print('hello')"])
def test_a_control_that_is_none_is_told_at_once(program: str) -> None:
    with pytest.raises(ProviderError, match="did not obey"):
        Injector(_component(program), lambda _: None)


def test_a_control_that_is_not_there_is_told() -> None:
    gone = Component(name="api-1", url="http://127.0.0.1:1", control=["/nowhere/control"])
    with pytest.raises(ProviderError, match="can't be run"):
        Injector(gone, lambda _: None)
