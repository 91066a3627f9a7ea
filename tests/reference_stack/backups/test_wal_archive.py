"""The archive of WAL: what goes on from a backup opens, and what is missing or changed is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from l7audit_stack.api.provision import add_backup_key
from l7audit_stack.backups.backups import Backups
from l7audit_stack.backups.interface import DamagedBackupError
from l7audit_stack.backups.segments import Segments
from l7audit_stack.backups.wal_archive import WalArchive

SIZE = 1 << 20  # the backup of `Pretended` ends at 0/B120, in the first segment
SEGMENTS = Segments(1, SIZE)
ROWS = b"rows of the log " * (SIZE // 16)


def _name(number: int) -> str:
    return SEGMENTS.name(number)


def _fill(archive: WalArchive, whole: int, filling: bytes = b"") -> None:
    for number in range(1, whole + 1):
        archive.add(_name(number), ROWS, size=SIZE)
    if filling:
        archive.add(_name(whole + 1), filling, size=SIZE)
    archive.tell(SEGMENTS, (whole + 1) * SIZE + len(filling))


def _file(backups: Backups, number: int, ending: str = "wal") -> Path:
    return Path(backups.wal.objects.place()) / f"{_name(number)}.{ending}"


def _flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)


def test_what_goes_on_from_a_backup_opens_as_it_was_written(backups: Backups) -> None:
    manifest = backups.take().manifest
    assert manifest is not None
    _fill(backups.wal, 2, b"begun")
    names = backups.wal.after(manifest)
    assert list(names) == [_name(1), _name(2), _name(3)]
    opened = dict(backups.wal.opened(names))
    assert opened[_name(1)] == ROWS
    assert opened[_name(3)] == b"begun".ljust(SIZE, b"\0")


def test_nothing_lies_there_readable_or_open_to_others(backups: Backups) -> None:
    _fill(backups.wal, 1, b"rows of the log")
    folder = Path(backups.wal.objects.place())
    assert folder.stat().st_mode & 0o077 == 0
    for path in folder.iterdir():
        assert b"rows of" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0


def test_a_segment_that_fills_is_replaced_and_gone_when_it_is_whole(backups: Backups) -> None:
    _fill(backups.wal, 0, b"a")
    _fill(backups.wal, 0, b"ab")
    assert dict(backups.wal.opened([_name(1)]))[_name(1)].startswith(b"ab\0")
    _fill(backups.wal, 1)
    assert not _file(backups, 1, "filling").exists()


def test_a_missing_segment_is_a_gap_that_is_named(backups: Backups) -> None:
    taken = backups.take()
    _fill(backups.wal, 3)
    _file(backups, 2).unlink()
    trouble = backups.verify(taken.id).trouble
    assert trouble == f"The archive of WAL has a gap: the segment {_name(2)} is missing."


def test_a_missing_end_is_a_gap_too(backups: Backups) -> None:
    taken = backups.take()
    _fill(backups.wal, 1, b"begun")
    _file(backups, 2, "filling").unlink()
    assert "gap" in backups.verify(taken.id).trouble


def test_one_that_was_never_finished_is_a_gap_where_others_follow(backups: Backups) -> None:
    taken = backups.take()
    _fill(backups.wal, 0, b"begun")
    backups.wal.add(_name(2), ROWS, size=SIZE)
    backups.wal.tell(SEGMENTS, 3 * SIZE)
    assert f"{_name(1)} is missing" in backups.verify(taken.id).trouble


@pytest.mark.parametrize("where", ["header", "content", "end"])
def test_a_flipped_bit_is_told_with_the_segments_name(backups: Backups, where: str) -> None:
    taken = backups.take()
    _fill(backups.wal, 2)
    _flip(_file(backups, 2), {"header": 25, "content": SIZE // 2, "end": -1}[where])
    assert _name(2) in backups.verify(taken.id).trouble


def test_another_segments_bytes_are_refused_under_its_name(backups: Backups) -> None:
    taken = backups.take()
    _fill(backups.wal, 2)
    _file(backups, 2).write_bytes(_file(backups, 1).read_bytes())
    assert "another's" in backups.verify(taken.id).trouble


def test_how_far_it_goes_is_signed(backups: Backups) -> None:
    taken = backups.take()
    _fill(backups.wal, 2)
    extent = Path(backups.wal.objects.place()) / "extent.json"
    told = json.loads(extent.read_text())
    extent.write_text(json.dumps({**told, "lsn": "0/100000"}))
    (listed,) = backups.all()
    assert listed.trouble == "How far the archive of WAL goes was changed."
    assert backups.verify(taken.id).trouble == listed.trouble


def test_segments_open_with_the_key_of_their_time(backups: Backups, secrets: Path) -> None:
    taken = backups.take()
    backups.wal.add(_name(1), ROWS, size=SIZE)
    add_backup_key(secrets)
    backups.wal.add(_name(2), ROWS, size=SIZE)
    backups.wal.tell(SEGMENTS, 3 * SIZE)
    assert not backups.verify(taken.id).trouble
    min((secrets / "backup").iterdir()).unlink()
    with pytest.raises(DamagedBackupError, match="is gone"):
        list(backups.wal.opened([_name(1)]))


def test_wal_goes_with_the_last_backup_that_needs_it(backups: Backups, source: Any) -> None:
    first = backups.take()
    _fill(backups.wal, 3)
    source.pieces[-1] = source.pieces[-1].replace(b"0/B120", b"0/2B1200")
    second = backups.take()
    backups.remove(first.id)
    assert not _file(backups, 1).exists()
    assert _file(backups, 2).exists()  # the one that the second ends in
    assert not backups.verify(second.id).trouble
    third = backups.take()
    (Path(second.folder) / "manifest.json").unlink()
    backups.remove(third.id)
    assert _file(backups, 3).exists()  # nobody knows what the second needs
    backups.remove(second.id)
    assert not _file(backups, 3).exists()


def test_a_list_says_how_far_the_archive_goes(backups: Backups) -> None:
    assert backups.take().archived_to == ""
    _fill(backups.wal, 1)
    (listed,) = backups.all()
    assert listed.archived_to == "0/200000"
    assert listed.archived_at.endswith("Z")
