"""Tar archives, plain or gzipped: what they hold, as far as it is plain files within bounds.

Nothing is ever extracted onto a disk: names, links, owners and modes of an archive have no effect.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Iterator

from l7audit_stack.api.file_tree import MAX_FILE, PathRefusedError, read_path
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.security.bodies import invalid

_GZIP = 16 + zlib.MAX_WBITS
_BLOCK = 512
_HEADERS = 8
"""Blocks that an entry may take beside its content: names and other records of its own."""


def read_tarball(packed: bytes, *, entries: int, unpacked: int) -> list[tuple[str, bytes]]:
    """Paths and contents, in order; at most so many `entries` of so many bytes `unpacked` in all.
    Raises a problem for what is more than that, or more than plain files."""
    most = unpacked + entries * (1 + _HEADERS) * _BLOCK + tarfile.RECORDSIZE
    raw = _unfolded(packed, most) if packed[:2] == b"\x1f\x8b" else packed
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
            return list(_files(archive, entries, unpacked))
    except (tarfile.TarError, EOFError, RecursionError, ValueError) as error:
        raise Problem(400, "archive-malformed", "The body is not a tar archive.") from error


def _unfolded(packed: bytes, most: int) -> bytes:
    """The one gzip member that `packed` is, unfolded no further than to the bound."""
    folded = zlib.decompressobj(_GZIP)
    try:
        raw = folded.decompress(packed, most)
    except zlib.error as error:
        raise Problem(400, "archive-malformed", "The body is not a gzipped archive.") from error
    if folded.unconsumed_tail or (len(raw) == most and not folded.eof):
        raise _too_large(f"An archive unfolds to at most {most} bytes.")
    if not folded.eof:
        raise Problem(400, "archive-malformed", "The gzipped archive is cut short.")
    return raw


def _files(archive: tarfile.TarFile, entries: int, unpacked: int) -> Iterator[tuple[str, bytes]]:
    names: set[str] = set()
    for number, entry in enumerate(archive, start=1):
        if number > entries:
            raise _too_large(f"An archive holds at most {entries} files.")
        if entry.isdir():
            continue
        # A sparse file says how much it is, and brings a part of it.
        if entry.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or entry.issparse():
            raise invalid("An archive holds plain files only: no links, devices or sparse files")
        unpacked -= entry.size
        if not 0 <= entry.size <= MAX_FILE or unpacked < 0:
            raise _too_large(f"The files of an archive have at most {MAX_FILE} bytes each.")
        try:
            read_path(entry.name)
        except PathRefusedError as error:
            raise invalid(str(error)) from None
        if entry.name.lower() in names:
            raise invalid("An archive names a file twice")
        names.add(entry.name.lower())
        source = archive.extractfile(entry)
        yield entry.name, source.read() if source is not None else b""


def _too_large(sentence: str) -> Problem:
    return Problem(413, "archive-too-large", sentence)
