"""The files of an archive of PostgreSQL, written as they come."""

from __future__ import annotations

import io
import os
import tarfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from l7audit_stack.backups.interface import DamagedBackupError

_PIECE = 1 << 18
_BLOCK = tarfile.BLOCKSIZE
_END = bytes(_BLOCK)


def unpack(archive: Iterator[bytes], folder: Path) -> None:
    """Into a folder that is there. Such archives hold files and folders, with nobody's rights but
    their owner's, and no extensions of tar: `tarfile` would take thrice as long for what they do
    not need."""
    flow = io.BufferedReader(Flow(archive), _PIECE)
    while (header := flow.read(_BLOCK)) != _END:
        try:
            member = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError) as error:
            raise DamagedBackupError(f"What was opened is no archive: {error}.") from error
        _write(flow, member, folder)
    deque(archive, maxlen=0)  # whether it is as it was sealed is told by its end


def _write(flow: BinaryIO, member: tarfile.TarInfo, folder: Path) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or not (member.isdir() or member.isreg()):
        raise DamagedBackupError("What was opened holds what no backup of PostgreSQL holds.")
    place = folder / name
    if member.isdir():
        place.mkdir(mode=0o700, exist_ok=True)
        return
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        left = member.size
        while left:
            piece = flow.read(min(left, _PIECE))
            if not piece:
                raise DamagedBackupError("What was opened is no archive: it ends within a file.")
            file.write(piece)
            left -= len(piece)
    flow.read(-member.size % _BLOCK)


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
