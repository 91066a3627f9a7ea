"""Tar archives, plain and gzipped, packed as they should not be. Pure."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable
from functools import cache

from l7audit_suites.path.entries import HOLE, MUCH, MUCH_NAME, Entry, Leads, much

MEDIA_TYPES = ("application/x-tar", "application/tar", "application/x-ustar")
GZIPPED_TYPES = (
    "application/gzip", "application/x-gzip", "application/x-gtar", "application/x-tgz",
    "application/x-gtar-compressed", "application/x-compressed-tar", "application/tar+gzip",
)  # fmt: skip

_TYPES = {Leads.SYMBOLIC: tarfile.SYMTYPE, Leads.HARD: tarfile.LNKTYPE}
_SUM = slice(148, 156)
_REAL_SIZE = slice(483, 495)


def packed(entries: Iterable[Entry]) -> bytes:
    """An archive of these, their names as they stand."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for entry in entries:
            content = entry.text.encode()
            info = tarfile.TarInfo(entry.name)
            info.size = len(content)
            if entry.leads is not None:
                info.type, info.linkname = _TYPES[entry.leads], entry.target
            archive.addfile(info, io.BytesIO(content))
    return whole.getvalue()


def gzipped(entries: Iterable[Entry]) -> bytes:
    """The same, folded up."""
    return gzip.compress(packed(entries), compresslevel=1, mtime=0)


@cache
def unfolding() -> dict[str, bytes]:
    """Archives of some kilobytes that hold hundreds of times as much."""
    one, many = (gzipped(entries) for entries in much())
    return {"one gzipped file": one, "many gzipped files": many}


@cache
def with_a_hole() -> dict[str, bytes]:
    """An archive whose file has no content at all, and says that its hole is large (GNU tar's old
    sparse format): what folds nothing up can hold much as well."""
    info = tarfile.TarInfo(MUCH_NAME)
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[_REAL_SIZE] = b"%011o\0" % MUCH
    header[_SUM] = b" " * 8
    header[_SUM] = b"%06o\0 " % sum(header[: tarfile.BLOCKSIZE])
    return {HOLE: bytes(header) + bytes(2 * tarfile.BLOCKSIZE)}
