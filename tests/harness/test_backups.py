"""Backups that a check takes: opened for a moment, and removed in any case."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from l7audit.errors import ProviderError
from l7audit.harness.backups import Backups
from l7audit.model import Backup, BackupControl

OBEYS = """
import json, pathlib, sys
root = pathlib.Path(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    deed, *words = line.rstrip("\\n").split(" ", 2)
    with (root / "deeds").open("a") as file:
        file.write(f"{deed} {words[:1]}\\n")
    if deed == "take":
        print("ok " + json.dumps({"id": "b1", "folder": str(root), "more": 1}), flush=True)
    elif deed == "restore" and not (root / "changed").exists():
        print('ok {"url": "postgresql://u@h/d", "segments": 2}', flush=True)
    elif deed == "verify" and (root / "changed").exists():
        print("ok It was changed.", flush=True)
    elif deed in ("open", "restore") and (root / "changed").exists():
        print("It was changed.", flush=True)
    else:
        if deed == "open":
            pathlib.Path(words[1]).write_text("rows")
        print("ok", flush=True)
"""
SPEAKS_OF_NOTHING = (
    'import sys; print("ready", flush=True); [print("ok", flush=True) for _ in sys.stdin]'
)


def _control(folder: Path, program: str = OBEYS, keys: str = "") -> BackupControl:
    return BackupControl(control=[sys.executable, "-c", program, str(folder)], keys=keys)


def test_what_was_taken_is_opened_and_removed(tmp_path: Path) -> None:
    with Backups(_control(tmp_path)) as backups:
        backup = backups.take()
        assert (backup.id, backup.folder) == ("b1", str(tmp_path))
        with backups.opened(backup) as file:
            assert file.read_text() == "rows"
        assert not file.exists()
    deeds = (tmp_path / "deeds").read_text().splitlines()
    assert deeds == ["take []", "open ['b1']", "remove ['b1']"]


def test_it_is_removed_when_the_check_breaks(tmp_path: Path) -> None:
    def check() -> None:
        with Backups(_control(tmp_path)) as backups:
            backups.take()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        check()
    assert "remove ['b1']" in (tmp_path / "deeds").read_text()


def test_a_refusal_is_the_targets_own_sentence(tmp_path: Path) -> None:
    with Backups(_control(tmp_path)) as backups:
        backup = backups.take()
        (tmp_path / "changed").touch()
        with (
            pytest.raises(ProviderError, match="did not obey: It was changed"),
            backups.opened(backup),
        ):
            pass


def test_what_is_restored_is_dropped_after_the_block(tmp_path: Path) -> None:
    with Backups(_control(tmp_path)) as backups:
        backup = backups.take()
        with backups.restored(backup, time="2026-11-28T14:05:00Z") as restored:
            assert (restored.url, restored.segments) == ("postgresql://u@h/d", 2)
        with pytest.raises(ZeroDivisionError), backups.restored(backup, point="p"):
            raise ZeroDivisionError
        backups.name_point("later")
    deeds = [line.split()[0] for line in (tmp_path / "deeds").read_text().splitlines()]
    assert deeds == ["take", "restore", "drop", "restore", "drop", "point", "remove"]


def test_a_refused_restore_is_dropped_too_and_told(tmp_path: Path) -> None:
    (tmp_path / "changed").touch()
    with Backups(_control(tmp_path)) as backups:
        backup = backups.take()
        assert backups.verify(backup) == "It was changed."
        with pytest.raises(ProviderError, match="It was changed"), backups.restored(backup):
            pytest.fail("what was changed is not restored")
    assert (tmp_path / "deeds").read_text().splitlines()[-2].startswith("drop")


def test_what_is_fine_is_verified_in_silence(tmp_path: Path) -> None:
    with Backups(_control(tmp_path)) as backups:
        assert backups.verify(backups.take()) == ""


def test_a_restore_that_does_not_say_where_it_is_is_told(tmp_path: Path) -> None:
    with (
        Backups(_control(tmp_path, SPEAKS_OF_NOTHING)) as backups,
        pytest.raises(ProviderError, match="does not say where it is"),
        backups.restored(Backup(id="b", folder="/b")),
    ):
        pass


def test_only_a_control_that_says_so_restores(tmp_path: Path) -> None:
    control = _control(tmp_path)
    assert not Backups(control).restores
    assert Backups(msgspec.structs.replace(control, restores=True)).restores


def test_a_control_that_does_not_say_where_the_backup_lies_is_told(tmp_path: Path) -> None:
    with (
        Backups(_control(tmp_path, SPEAKS_OF_NOTHING)) as backups,
        pytest.raises(ProviderError, match="does not say where it lies"),
    ):
        backups.take()


def test_keys_are_the_files_that_the_provider_names(tmp_path: Path) -> None:
    (tmp_path / "keys" / "retired").mkdir(parents=True)
    (tmp_path / "keys" / "a.key").write_text("aa")
    assert Backups(_control(tmp_path, keys=str(tmp_path / "keys"))).keys() == {"a.key": b"aa"}
    one = str(tmp_path / "keys" / "a.key")
    assert Backups(_control(tmp_path, keys=one)).keys() == {"a.key": b"aa"}
    assert Backups(_control(tmp_path)).keys() == {}
    with pytest.raises(ProviderError, match="keys of backups can't be read"):
        Backups(_control(tmp_path, keys=str(tmp_path / "none"))).keys()
