"""Backups as they are taken, kept, opened, and refused where they are not what was taken."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from l7audit_stack.api.provision import add_backup_key
from l7audit_stack.backups.backups import Backups
from l7audit_stack.backups.interface import BackupError, Listed


def _all_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]


def _archive(taken: Listed) -> Path:
    return Path(taken.folder) / "archive.sealed"


def _said(taken: Listed) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((Path(taken.folder) / "manifest.json").read_text())
    return said


def test_a_backup_says_what_it_is_and_not_what_is_in_it(backups: Backups, source: Any) -> None:
    taken = backups.take()
    manifest = taken.manifest
    assert manifest is not None
    sealed = _archive(taken).read_bytes()
    assert (manifest.sealed_size, manifest.sha256) == (
        len(sealed), hashlib.sha256(sealed).hexdigest(),
    )  # fmt: skip
    assert manifest.size == sum(map(len, source.pieces))
    assert (manifest.timeline, manifest.start_lsn, manifest.end_lsn) == (1, "0/A28", "0/B120")
    assert (manifest.kind, manifest.server) == ("full", "PostgreSQL 18")
    assert all(b"rows of" not in path.read_bytes() for path in _all_files(Path(taken.folder)))
    assert backups.all() == [taken]


def test_files_are_their_owners_alone(backups: Backups) -> None:
    taken = backups.take()
    for path in (Path(taken.folder), *_all_files(Path(taken.folder))):
        assert path.stat().st_mode & 0o077 == 0


def test_it_opens_to_what_was_given_and_its_source_checks_that(
    backups: Backups, source: Any, tmp_path: Path
) -> None:
    taken = backups.take()
    backups.open(taken.id, tmp_path / "opened.tar")
    assert (tmp_path / "opened.tar").read_bytes() == b"".join(source.pieces)
    assert (tmp_path / "opened.tar").stat().st_mode & 0o077 == 0
    assert backups.verify(taken.id) == taken
    assert source.checked == b"".join(source.pieces)


def test_nothing_is_written_over(backups: Backups, tmp_path: Path) -> None:
    taken = backups.take()
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(BackupError, match="is there already"):
        backups.open(taken.id, tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "mine"


def test_what_the_key_seals_it_opens_after_another_has_come(
    backups: Backups, secrets: Path
) -> None:
    old = backups.take()
    add_backup_key(secrets)
    new = backups.take()
    assert old.manifest is not None
    assert new.manifest is not None
    assert old.manifest.key < new.manifest.key
    assert not backups.verify(old.id).trouble
    assert not backups.verify(new.id).trouble


def test_a_lost_key_is_told_before_anybody_needs_it(backups: Backups, secrets: Path) -> None:
    taken = backups.take()
    (key,) = (secrets / "backup").iterdir()
    key.rename(secrets / "elsewhere")
    (listed,) = backups.all()
    assert listed.trouble == f"The key {key.stem} is gone, and nothing else opens the backup."
    assert backups.verify(taken.id).trouble == listed.trouble
    with pytest.raises(BackupError, match="There is no key for backups"):
        backups.take()


def test_another_key_under_the_same_name_opens_nothing(backups: Backups, secrets: Path) -> None:
    taken = backups.take()
    (key,) = (secrets / "backup").iterdir()
    key.write_text("00" * 32)
    assert "manifest was changed" in backups.verify(taken.id).trouble


@pytest.mark.parametrize("at", [0, 20, 1000, -1])
def test_a_flipped_byte_is_found_and_nothing_is_opened(
    backups: Backups, at: int, tmp_path: Path
) -> None:
    taken = backups.take()
    sealed = bytearray(_archive(taken).read_bytes())
    sealed[at] ^= 1
    _archive(taken).write_bytes(sealed)
    assert "The archive does not" in backups.verify(taken.id).trouble
    with pytest.raises(BackupError, match="The archive does not"):
        backups.open(taken.id, tmp_path / "opened")
    assert not list(tmp_path.glob("opened*"))


def test_another_backup_s_archive_under_this_one_s_name_is_found(backups: Backups) -> None:
    one, two = backups.take(), backups.take()
    _archive(one).write_bytes(_archive(two).read_bytes())
    assert "belongs to another backup" in backups.verify(one.id).trouble
    assert not backups.verify(two.id).trouble


def test_an_older_archive_sealed_for_the_same_backup_is_found(backups: Backups) -> None:
    taken = backups.take()
    kid, key = backups.keys.newest()
    other = b"".join(backups.cipher.seal([b"other rows"], key, f"{taken.id} {kid}"))
    _archive(taken).write_bytes(other)
    assert "not the one that its manifest names" in backups.verify(taken.id).trouble


@pytest.mark.parametrize("name", ["end_lsn", "server", "sha256", "size", "taken_at", "mac", "id"])
def test_a_changed_manifest_is_found(backups: Backups, name: str) -> None:
    taken = backups.take()
    said = _said(taken)
    said[name] = said[name] + 1 if isinstance(said[name], int) else said[name][:-1] + "?"
    (Path(taken.folder) / "manifest.json").write_text(json.dumps(said))
    (listed,) = backups.all()
    assert "manifest was changed" in listed.trouble


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "can't be read"), ("[]", "can't be read"), ("{", "can't be read"), (None, "is gone")],
)
def test_a_manifest_that_is_none_is_told(backups: Backups, text: str | None, told: str) -> None:
    taken = backups.take()
    manifest = Path(taken.folder) / "manifest.json"
    manifest.unlink() if text is None else manifest.write_text(text)
    (listed,) = backups.all()
    assert told in listed.trouble
    assert (listed.id, listed.manifest) == (taken.id, None)
    assert told in backups.verify(taken.id).trouble


def test_a_format_of_later_is_told(backups: Backups) -> None:
    taken = backups.take()
    (Path(taken.folder) / "manifest.json").write_text(json.dumps(_said(taken) | {"format": 2}))
    assert backups.all()[0].trouble == "Its format is 2, and this version reads 1."


def test_a_lost_archive_is_told(backups: Backups) -> None:
    taken = backups.take()
    _archive(taken).unlink()
    assert backups.verify(taken.id).trouble == "Its archive is gone."


def test_a_source_that_breaks_leaves_nothing(
    backups: Backups, source: Any, failure: BackupError, tmp_path: Path
) -> None:
    source.breaks = failure
    with pytest.raises(BackupError, match="gave no backup"):
        backups.take()
    assert _all_files(tmp_path / "backups") == []
    assert backups.all() == []


def test_ctrl_c_leaves_nothing(backups: Backups, source: Any, tmp_path: Path) -> None:
    source.breaks = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        backups.take()
    assert _all_files(tmp_path / "backups") == []


def test_an_archive_without_its_end_is_no_backup(backups: Backups, source: Any) -> None:
    source.pieces = source.pieces[:1]
    with pytest.raises(BackupError, match="ends without its manifest"):
        backups.take()
    assert backups.all() == []


def _hang(backups: Backups, source: Any) -> None:
    """Takes a backup that never ends."""

    def pieces() -> Iterator[bytes]:
        yield from source.pieces
        time.sleep(600)

    source._pieces = pieces
    backups.take()


def test_a_killed_backup_looks_like_none_and_the_next_one_clears_it_away(
    backups: Backups, source: Any, tmp_path: Path
) -> None:
    process = multiprocessing.get_context("fork").Process(target=_hang, args=(backups, source))
    process.start()
    deadline = time.monotonic() + 20
    while not any(p.stat().st_size for p in _all_files(tmp_path / "backups")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert backups.all() == []
    with pytest.raises(BackupError, match="Another backup is being taken"):
        backups.take()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert backups.all() == []
    assert _all_files(tmp_path / "backups")
    taken = backups.take()
    assert {p.parent for p in _all_files(tmp_path / "backups")} == {Path(taken.folder)}


def test_a_removed_backup_is_gone(backups: Backups, tmp_path: Path) -> None:
    taken, other = backups.take(), backups.take()
    backups.remove(taken.id)
    assert backups.all() == [other]
    assert not Path(taken.folder).exists()
    for id in (taken.id, "../secrets", "", ".lock"):
        with pytest.raises(BackupError, match="There is no backup"):
            backups.remove(id)
    assert (tmp_path / "secrets").is_dir()


def test_what_is_no_backup_is_not_listed(backups: Backups, tmp_path: Path) -> None:
    assert backups.all() == []
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "notes").mkdir()
    (tmp_path / "backups" / "20260101T000000Z-aaaaaa").write_text("a file")
    assert backups.all() == []


def test_newer_ones_are_listed_first(backups: Backups) -> None:
    taken = [backups.take() for _ in range(3)]
    assert backups.all() == sorted(taken, key=lambda one: one.id, reverse=True)
