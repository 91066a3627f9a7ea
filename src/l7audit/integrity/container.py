"""The bundle's container: a zip file of which there is exactly one for the same contents.

Files are stored, not compressed, one after the other in a fixed order, without times, comments,
extra fields or anything else that could differ. So every byte of a bundle follows from its
files, and a reader can demand that it does; no library's version has a say in it. Any program
that opens zip files opens it. Nothing is ever unpacked to a disk.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from l7audit.integrity.manifest import CHUNK, LONGEST_NAME

LIMIT = 2**32 - 1
"""Bytes of a whole bundle: beyond it zip needs other fields."""

LOCAL = b"PK\3\4"
CENTRAL = b"PK\1\2"
_END = b"PK\5\6"
_VERSION = 20  # 2.0, as for any plain file in a folder
_MADE_ON = 3 << 8 | _VERSION  # Unix, which is where the mode below means something
_UTF8 = 0x800
_DATE = 1 << 5 | 1  # 1980-01-01, the first day there is
_MODE = 0o100644 << 16  # a regular file
_SHARED = struct.Struct("<HHHHHIIIHH")
_FIXED = len(LOCAL) + _SHARED.size


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a bundle; `start` is where its bytes begin."""

    name: str
    size: int
    crc: int
    start: int

    @property
    def header(self) -> bytes:
        """What stands before its bytes."""
        return LOCAL + self._shared() + self.name.encode()

    @property
    def end(self) -> int:
        return self.start + self.size

    def central(self) -> bytes:
        """What the directory at the end says of it."""
        at = self.start - len(self.header)
        rest = struct.pack("<HHHII", 0, 0, 0, _MODE, at)
        return CENTRAL + struct.pack("<H", _MADE_ON) + self._shared() + rest + self.name.encode()

    def _shared(self) -> bytes:
        return _SHARED.pack(
            _VERSION,
            _UTF8,
            0,  # stored
            0,  # midnight
            _DATE,
            self.crc,
            self.size,
            self.size,
            len(self.name.encode()),
            0,  # no extra field
        )


def header_length(name: str) -> int:
    """Bytes that stand before a file of that name."""
    return _FIXED + len(name.encode())


def directory(entries: Iterable[Entry]) -> bytes:
    """What stands behind the files."""
    listed = list(entries)
    central = b"".join(entry.central() for entry in listed)
    count, at = len(listed), listed[-1].end if listed else 0
    return central + _END + struct.pack("<HHHHIIH", 0, 0, count, count, len(central), at, 0)


def read_header(file: BinaryIO) -> Entry | None:
    """The entry whose header begins here, or None where no header of ours does."""
    fixed = file.read(_FIXED)
    if len(fixed) < _FIXED or fixed[: len(LOCAL)] != LOCAL:
        return None
    *_, crc, size, _, length, _ = _SHARED.unpack(fixed[len(LOCAL) :])
    if length > LONGEST_NAME:
        return None
    raw = file.read(length)
    try:
        found = Entry(raw.decode(), size, crc, file.tell())
    except UnicodeDecodeError:
        return None
    return found if found.header == fixed + raw else None


def pack(out: BinaryIO, files: Iterable[tuple[str, Iterable[bytes]]]) -> list[Entry]:
    """Writes a bundle of these files, in this order. Errors: `OSError`; `ValueError` beyond 4 GiB.

    Each file's bytes are taken once; its header is written when they are known.
    """
    entries: list[Entry] = []
    for name, pieces in files:
        before = out.tell()
        start = before + header_length(name)
        out.seek(start)
        size = crc = 0
        for piece in pieces:
            size, crc = size + len(piece), zlib.crc32(piece, crc)
            if start + size > LIMIT:
                raise ValueError("beyond 4 GiB")
            out.write(piece)
        entries.append(Entry(name, size, crc, start))
        out.seek(before)
        out.write(entries[-1].header)
        out.seek(start + size)
    end = directory(entries)
    if out.tell() + len(end) > LIMIT:
        raise ValueError("beyond 4 GiB")
    out.write(end)
    return entries


class Window(io.RawIOBase):
    """A stretch of a file on disk as a file of its own, with a place of its own to read from."""

    def __init__(self, path: Path, start: int, size: int) -> None:
        """Errors: `OSError`."""
        self._descriptor = os.open(path, os.O_RDONLY)
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = max(0, min(len(buffer), self._size - self._at))
        piece = os.pread(self._descriptor, wanted, self._start + self._at)
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def window(path: Path, start: int, size: int) -> BinaryIO:
    """A buffered stretch of a file. Errors: `OSError`."""
    return io.BufferedReader(Window(path, start, size), CHUNK)


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """A file's bytes, closed at their end."""
    with file:
        while piece := file.read(CHUNK):
            yield piece
