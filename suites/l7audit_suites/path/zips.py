"""Zip archives, packed as they should not be. Pure."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterable
from functools import cache

from l7audit_suites.path.entries import LIE, MUCH, Entry, Leads, much

MEDIA_TYPES = ("application/zip", "application/x-zip-compressed", "application/x-zip")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def packed(entries: Iterable[Entry]) -> bytes:
    """An archive of these; a zip knows no hard links, so they are left out."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for entry in entries:
            if entry.leads is Leads.SYMBOLIC:
                archive.writestr(_entry(entry.name, stat.S_IFLNK | 0o777), entry.target)
            elif entry.leads is None:
                plain = _entry(entry.name, stat.S_IFREG | 0o644)
                archive.writestr(plain, entry.text, zipfile.ZIP_DEFLATED, compresslevel=1)
    return whole.getvalue()


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = _UNIX
    entry.external_attr = mode << 16
    return entry


@cache
def unfolding() -> dict[str, bytes]:
    """Archives of some kilobytes that hold hundreds of times as much."""
    one, many = (packed(entries) for entries in much())
    return {"one file": one, "many files": many, LIE: _belittled(one, MUCH)}


def _belittled(archive: bytes, size: int) -> bytes:
    """The archive, which now says in both of its places that the file has one byte."""
    return archive.replace(size.to_bytes(4, "little"), (1).to_bytes(4, "little"))
