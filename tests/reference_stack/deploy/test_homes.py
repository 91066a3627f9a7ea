"""Private folders of runs, and what becomes of those whose run died."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from l7audit_stack.deploy import homes
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.homes import Home, Process, open_home, sweep


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of our own, with a short name, so that other runs are not swept."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "gettempdir", lambda: folder)
        monkeypatch.setattr(homes, "_MEMORY", Path(folder, "none"))
        yield Path(folder)


def _die(home: Home) -> None:
    """What the kernel does to a run that ends: it lets the lock go."""
    os.close(home.lock)


def _sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "60"])


def test_a_home_is_private_and_removed_with_all_in_it(temporary: Path) -> None:
    home = open_home()
    assert home.folder.is_relative_to(temporary)
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.folder.parent.stat().st_mode) == 0o700
    home.remove()
    assert not home.folder.exists()


@pytest.fixture
def memory(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the file system in memory, with all the room it needs."""
    folder = temporary / "shm"
    folder.mkdir()
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(homes, "_MEMORY", folder)
    monkeypatch.setattr(homes, "PLENTY_BYTES", 0)
    return folder


def test_a_home_is_in_memory_where_there_is_plenty(memory: Path) -> None:
    home = open_home()
    assert home.folder.is_relative_to(memory)
    home.remove()


def test_a_home_is_on_disk_where_memory_is_scarce(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(homes, "PLENTY_BYTES", 1 << 62)
    home = open_home()
    assert not home.folder.is_relative_to(memory)
    home.remove()


def test_a_temporary_folder_that_the_user_chose_is_obeyed(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(memory.parent))
    home = open_home()
    assert not home.folder.is_relative_to(memory)
    home.remove()


def test_leftovers_are_cleared_wherever_homes_may_be(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory = open_home()
    monkeypatch.setattr(homes, "PLENTY_BYTES", 1 << 62)
    on_disk = open_home()
    for home in (in_memory, on_disk):
        _die(home)
    assert set(sweep()) == {in_memory.folder, on_disk.folder}
    assert memory.exists()


def test_a_long_temporary_folder_is_not_used_because_sockets_would_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(deep))
    home = open_home()
    assert len(os.fsencode(home.socket)) < 100
    home.remove()


def test_a_folder_that_somebody_else_put_there_is_refused(temporary: Path) -> None:
    (temporary / "elsewhere").mkdir()
    (temporary / f"l7audit-{os.getuid()}").symlink_to(temporary / "elsewhere")
    with pytest.raises(StackError, match="belongs to somebody else"):
        open_home()


def test_a_living_run_is_left_alone() -> None:
    home = open_home()
    assert sweep() == []
    assert home.folder.exists()
    home.remove()


def test_a_dead_runs_folder_and_processes_are_cleared() -> None:
    home = open_home()
    process = _sleeper()
    home.record([process.pid])
    _die(home)
    assert sweep() == [home.folder]
    assert not home.folder.exists()
    assert process.wait(10) == -9


def test_a_stranger_with_the_number_of_a_dead_process_is_not_killed() -> None:
    home = open_home()
    stranger = _sleeper()
    recorded = [Process(stranger.pid, "another start time")]
    (home.folder / "processes.json").write_bytes(msgspec.json.encode(recorded))
    _die(home)
    sweep()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait(10)


def test_a_damaged_leftover_is_cleared_too() -> None:
    home = open_home()
    (home.folder / "processes.json").write_text('[{"pid": ')
    _die(home)
    next_home = open_home()
    assert not home.folder.exists()
    next_home.remove()


def test_too_small_a_disk_is_said_before_anything_is_started() -> None:
    with pytest.raises(StackError, match=r"MB free and the stack needs .* set TMPDIR"):
        open_home(needed_bytes=1 << 62)
