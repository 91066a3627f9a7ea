"""Zip archives as a careless unpacker should not meet them. Pure."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterable, Mapping
from functools import cache

MEDIA_TYPES = ("application/zip", "application/x-zip-compressed", "application/x-zip")
MUCH = 16 * 1024 * 1024
"""Bytes that an archive comes to; folded up they are less than a hundredth of that."""

MANY = 64
LIE = "a size that is a lie"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def packed(contents: Mapping[str, str], links: Mapping[str, str] | None = None) -> bytes:
    """An archive of files, by their names as they stand here, and of links to their targets."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, text in contents.items():
            entry = _entry(name, stat.S_IFREG | 0o644)
            archive.writestr(entry, text, zipfile.ZIP_DEFLATED, compresslevel=1)
        for name, target in (links or {}).items():
            archive.writestr(_entry(name, stat.S_IFLNK | 0o777), target)
    return whole.getvalue()


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = _UNIX
    entry.external_attr = mode << 16
    return entry


def ways_out(folders: Iterable[str], name: str) -> dict[str, list[str]]:
    """Names of entries that lead to a file in a folder beside ours, by how they are written."""
    listed = list(folders)
    return {
        "dot segments": [f"../{folder}/{name}" for folder in listed],
        "dot segments behind a folder": [f"l7audit/../../{folder}/{name}" for folder in listed],
        "backslashes": [f"..\\{folder}\\{name}" for folder in listed],
        "slashes and backslashes": [f"l7audit\\../..\\{folder}/{name}" for folder in listed],
        "a slash too many": [f"..//{folder}//{name}" for folder in listed],
        "encoded slashes": [f"..%2f{folder}%2f{name}" for folder in listed],
    }


@cache
def unfolding() -> dict[str, bytes]:
    """Archives of some kilobytes that hold hundreds of times as much."""
    much = "0" * MUCH
    one = packed({"l7audit-much.txt": much})
    return {
        "one file": one,
        "many files": packed({f"l7audit-much-{n}.txt": much[: MUCH // MANY] for n in range(MANY)}),
        LIE: _belittled(one, MUCH),
    }


def _belittled(archive: bytes, size: int) -> bytes:
    """The archive, which now says in both of its places that the file has one byte."""
    return archive.replace(size.to_bytes(4, "little"), (1).to_bytes(4, "little"))
