"""Archives become files and folders, and nothing else."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from l7audit_stack.backups.interface import DamagedBackupError
from l7audit_stack.backups.unpacking import unpack


def _tar(*members: tarfile.TarInfo, content: bytes = b"") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for member in members:
            member.size = len(content) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return file.getvalue()


def _member(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = kind
    return member


def test_files_and_folders_are_written_for_their_owner_alone(tmp_path: Path) -> None:
    raw = _tar(_member("base", tarfile.DIRTYPE), _member("base/1"), content=b"rows" * 100_000)
    unpack(iter([raw[:700], raw[700:]]), tmp_path)
    assert (tmp_path / "base" / "1").read_bytes() == b"rows" * 100_000
    for path in (tmp_path / "base", tmp_path / "base" / "1"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "member",
    [
        _member("../outside"), _member("/outside"), _member("base/../../outside"),
        _member("link", tarfile.SYMTYPE), _member("hard", tarfile.LNKTYPE),
        _member("pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda member: member.name,
)  # fmt: skip
def test_what_no_backup_holds_is_refused(tmp_path: Path, member: tarfile.TarInfo) -> None:
    with pytest.raises(DamagedBackupError, match="holds what no backup"):
        unpack(iter([_tar(member)]), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_is_read_to_its_end_where_its_own_reader_says_that_it_is_not_whole(
    tmp_path: Path,
) -> None:
    def damaged() -> Iterator[bytes]:
        yield _tar(_member("1"), content=b"rows")
        raise DamagedBackupError("It was changed.")

    with pytest.raises(DamagedBackupError, match="It was changed"):
        unpack(damaged(), tmp_path)


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    with pytest.raises(DamagedBackupError, match="is no archive"):
        unpack(iter([b"x" * 2048]), tmp_path)
