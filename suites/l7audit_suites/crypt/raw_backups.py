"""What the bytes of a backup say to whoever has them and no key. Pure, but for reading files."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import IO

Readable = gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile

MOST_BYTES = 256 * 1024 * 1024
"""The most that is read of one file, and unpacked of it."""

_BLOCK = 16
_WINDOWS, _WINDOW = 8, 128 * 1024
_MANY = 0.05
"""The share of blocks that no container's own zeros come to."""

_PACKED: dict[bytes, Callable[[IO[bytes]], Readable]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError)

_BEGINNINGS = {
    b"PGDMP": "a dump of pg_dump",
    b"--\n-- PostgreSQL database": "a dump of pg_dump",
    b"-- MySQL dump": "a dump of mysqldump",
    b"SQLite format 3\x00": "a database of SQLite",
    b"\x28\xb5\x2f\xfd": "data compressed with zstd",
    b"\x04\x22\x4d\x18": "data compressed with lz4",
}


def layers(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """The bytes as they lie, and as they are once unpacked; each with how that was come by."""
    yield "as it lies", raw
    for magic, unpack in _PACKED.items():
        if raw.startswith(magic) and (plain := _read(unpack(io.BytesIO(raw)))):
            yield "unpacked", plain
    if raw.startswith(b"PK\x03\x04"):
        yield "unpacked", b"".join(_zipped(raw))


def _read(file: Readable) -> bytes:
    """As much as can be read: an end that is no more of it takes nothing from what came before."""
    pieces: list[bytes] = []
    with suppress(*_BROKEN):
        while sum(map(len, pieces)) < MOST_BYTES and (piece := file.read1(1 << 20)):
            pieces.append(piece)
    return b"".join(pieces)


def _zipped(raw: bytes) -> Iterator[bytes]:
    with suppress(*_BROKEN), zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for member in archive.infolist():
            if member.file_size < MOST_BYTES:
                yield archive.read(member)


def holding(raw: bytes, texts: Iterable[str]) -> str:
    """How one of these texts is read there; empty where none is."""
    wanted = [text.encode() for text in texts]
    return next((how for how, plain in layers(raw) if any(w in plain for w in wanted)), "")


def structure(name: str, raw: bytes) -> str:
    """What a file can be told to be, without a key; empty where it tells nothing."""
    for how, plain in layers(raw):
        if any(_tar_headers(plain)):
            return f"a tar archive, {how}"
        for beginning, what in _BEGINNINGS.items():
            if plain.startswith(beginning):
                return f"{what}, {how}"
    if name == "PG_VERSION" and raw.strip().isdigit():
        return "the data folder of PostgreSQL, as it lies"
    return "text of which the same blocks are encrypted to the same" if repeats(raw) else ""


def _tar_headers(raw: bytes) -> Iterator[bool]:
    """Whether what looks like a tar header is one, by its own sum; the first few that do."""
    at = -1
    for _ in range(5):
        at = raw.find(b"ustar", at + 1)
        if at < 0:
            return
        with suppress(tarfile.HeaderError):
            tarfile.TarInfo.frombuf(raw[max(at - 257, 0) : at + 255], "utf-8", "replace")
            yield True


def repeats(raw: bytes) -> bool:
    """Whether many of its blocks are there more than once: data has those, a good cipher's text
    has none. Looks at a few parts of it."""
    step = max(len(raw) // _WINDOWS // _BLOCK * _BLOCK, _WINDOW)
    blocks = [
        raw[i : i + _BLOCK]
        for start in range(0, min(len(raw), step * _WINDOWS), step)
        for i in range(start, min(start + _WINDOW, len(raw) - _BLOCK), _BLOCK)
    ]
    return len(blocks) > 1000 and len(blocks) - len(set(blocks)) > _MANY * len(blocks)


def key_forms(content: bytes) -> set[bytes]:
    """The forms in which a key may lie beside what it opens, given the file that holds it;
    none where that is too short for one."""
    text = content.strip()
    raw = text
    with suppress(ValueError):  # it is not written as hexadecimal, so it is itself
        raw = bytes.fromhex(text.decode("ascii"))
    if len(raw) < _BLOCK:
        return set()
    digits = raw.hex().encode()
    encoded = b64encode(raw).rstrip(b"=")
    return {text, raw, digits, digits.upper(), encoded, encoded.translate(_URL)}


_URL = bytes.maketrans(b"+/", b"-_")
