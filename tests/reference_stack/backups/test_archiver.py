"""What the archiver makes of the files that pg_receivewal writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from l7audit_stack.backups.archiver import STILL, Archiver
from l7audit_stack.backups.backups import Backups

SIZE = 1 << 16
FIRST, SECOND, THIRD = (f"00000001000000000000000{n}" for n in (1, 2, 3))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "received").mkdir()
    return tmp_path / "received"


@pytest.fixture
def archiver(folder: Path, backups: Backups) -> Archiver:
    return Archiver(folder, backups.wal)


def _receive(folder: Path, name: str, content: bytes, *, at: int) -> None:
    """Written at that moment: files are told from what they were by the time of their change."""
    path = folder / name
    path.write_bytes(content.ljust(SIZE, b"\0"))
    os.utime(path, ns=(at, at))


def _kept(archiver: Archiver) -> list[str]:
    return archiver.archive.objects.names()


def test_what_fills_is_sealed_as_often_as_it_grows(archiver: Archiver, folder: Path) -> None:
    _receive(folder, f"{FIRST}.partial", b"one", at=1)
    archiver.look(0)
    first = archiver.archive.extent()
    _receive(folder, f"{FIRST}.partial", b"one two", at=2)
    archiver.look(0.1)
    second = archiver.archive.extent()
    assert first is not None
    assert second is not None
    assert (first.lsn, second.lsn) == ("0/10003", "0/10007")
    assert dict(archiver.archive.opened([FIRST]))[FIRST] == b"one two".ljust(SIZE, b"\0")


def test_what_did_not_grow_is_left_alone(archiver: Archiver, folder: Path) -> None:
    _receive(folder, f"{FIRST}.partial", b"one", at=1)
    archiver.look(0)
    place = Path(archiver.archive.objects.place())
    before = {path: path.stat().st_mtime_ns for path in place.iterdir()}
    archiver.look(0.1)
    assert {path: path.stat().st_mtime_ns for path in place.iterdir()} == before


def test_an_archive_that_gets_nothing_says_that_it_is_up_to_date(
    archiver: Archiver, folder: Path
) -> None:
    _receive(folder, f"{FIRST}.partial", b"one", at=1)
    archiver.look(0)
    before = archiver.archive.extent()
    archiver.look(STILL)
    after = archiver.archive.extent()
    assert before is not None
    assert after is not None
    assert before.at < after.at


def test_whole_segments_are_sealed_in_their_order_and_only_the_newest_stays_readable(
    archiver: Archiver, folder: Path
) -> None:
    _receive(folder, f"{FIRST}.partial", b"one", at=1)
    archiver.look(0)
    (folder / f"{FIRST}.partial").rename(folder / FIRST)
    _receive(folder, SECOND, b"two", at=3)
    _receive(folder, f"{THIRD}.partial", b"three", at=4)
    archiver.look(1)
    assert _kept(archiver) == [f"{FIRST}.wal", f"{SECOND}.wal", f"{THIRD}.filling", "extent.json"]
    assert sorted(p.name for p in folder.iterdir()) == [SECOND, f"{THIRD}.partial"]


def test_a_segment_that_is_full_but_not_finished_is_not_called_whole(
    archiver: Archiver, folder: Path
) -> None:
    _receive(folder, f"{FIRST}.partial", b"x" * SIZE, at=1)
    archiver.look(0)
    assert f"{FIRST}.wal" not in _kept(archiver)


def test_what_is_refused_is_told_and_made_up_for_later(
    archiver: Archiver, folder: Path, secrets: Path
) -> None:
    _receive(folder, FIRST, b"one", at=1)
    (key,) = (secrets / "backup").iterdir()
    key.rename(secrets / "away")
    assert archiver.tried(0).startswith("WAL is not archived: There is no key")
    (secrets / "away").rename(key)
    assert archiver.tried(1) == ""
    assert f"{FIRST}.wal" in _kept(archiver)


def test_other_files_are_not_taken_for_segments(archiver: Archiver, folder: Path) -> None:
    (folder / "00000002.history").write_bytes(b"1\t0/1\n")
    archiver.look(0)
    assert _kept(archiver) == []
