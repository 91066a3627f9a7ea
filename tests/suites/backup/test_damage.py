"""Damage is done to what no restore does without, and undone in any case."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from l7audit_suites.backup import damage
from l7audit_suites.backup.damage import away, files, flipped, followed, largest


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damage, "_PATIENCE", 0.2)
    monkeypatch.setattr(damage, "_PAUSE", 0.05)


def _written(path: Path, at: int, content: bytes = b"content") -> Path:
    path.write_bytes(content)
    os.utime(path, ns=(at, at))
    return path


def test_one_bit_is_flipped_and_put_back(tmp_path: Path) -> None:
    path = _written(tmp_path / "a", 1)
    path.chmod(0o600)
    with flipped(path):
        changed = path.read_bytes()
        assert len(changed) == len(b"content")
        assert sum((a ^ b).bit_count() for a, b in zip(changed, b"content", strict=True)) == 1
    assert path.read_bytes() == b"content"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_is_away_and_back_even_where_the_block_breaks(tmp_path: Path) -> None:
    path = _written(tmp_path / "a", 1)
    path.chmod(0o600)

    def check() -> None:
        with away(path):
            assert not path.exists()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        check()
    assert path.read_bytes() == b"content"
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_content_of_a_backup_is_its_largest_file(tmp_path: Path) -> None:
    _written(tmp_path / "manifest", 2)
    big = _written(tmp_path / "big", 1, b"x" * 100)
    assert largest(str(tmp_path)) == big


def test_what_is_needed_is_new_and_followed_by_what_was_written_last(tmp_path: Path) -> None:
    old = _written(tmp_path / "old", 1)
    told = _written(tmp_path / "extent", 2)
    before = files(str(tmp_path))
    end = _written(tmp_path / "end-of-the-backup", 3)  # it came late, and the backup holds it
    whole = _written(tmp_path / "whole", 5)
    _written(tmp_path / "filling", 9)
    _written(told, 10)
    assert followed(str(tmp_path), before, since=8) == whole
    assert followed(str(tmp_path), before, since=9) is None
    assert old in before
    assert end not in before


def test_a_file_that_is_gone_at_the_next_look_is_not_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _written(tmp_path / "whole", 5)
    filling = _written(tmp_path / "filling", 6)
    _written(tmp_path / "next", 9)
    monkeypatch.setattr(damage.time, "sleep", lambda _: filling.unlink(missing_ok=True))
    assert followed(str(tmp_path), {}, since=8) == whole


def test_where_nothing_new_comes_nothing_is_needed(tmp_path: Path) -> None:
    _written(tmp_path / "old", 1)
    assert followed(str(tmp_path), files(str(tmp_path)), since=0) is None
    assert followed("", {}, since=0) is None
