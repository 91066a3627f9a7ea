"""The files of an archive of PostgreSQL, written as they come."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from l7audit_stack.backups.interface import DamagedBackupError

_PIECE = 1 << 18


def unpack(archive: Iterator[bytes], folder: Path) -> None:
    """Into a folder that is there. Such archives hold files and folders, with nobody's rights but
    their owner's; `tarfile` would take four times as long to keep what they do not need."""
    try:
        with tarfile.open(fileobj=Flow(archive), mode="r|", bufsize=_PIECE) as tar:
            for member in tar:
                _write(tar, member, folder)
        deque(archive, maxlen=0)  # whether it is as it was sealed is told by its end
    except tarfile.TarError as error:
        raise DamagedBackupError(f"What was opened is no archive: {error}.") from error


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or not (member.isdir() or member.isreg()):
        raise DamagedBackupError("What was opened holds what no backup of PostgreSQL holds.")
    place = folder / name
    if member.isdir():
        place.mkdir(mode=0o700, exist_ok=True)
        return
    content = tar.extractfile(member)
    assert content is not None  # only folders and links have none
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with content, os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(content, file, _PIECE)


class Flow(io.RawIOBase):
    """Pieces, to be read like a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
