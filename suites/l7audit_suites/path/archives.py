"""Zip archives as a careless unpacker should not meet them. Pure."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterable, Mapping

MEDIA_TYPES = ("application/zip", "application/x-zip-compressed", "application/x-zip")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def packed(contents: Mapping[str, str], links: Mapping[str, str] | None = None) -> bytes:
    """An archive of files, by their names as they stand here, and of links to their targets."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in contents.items():
            archive.writestr(_entry(name, stat.S_IFREG | 0o644), text)
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
    }
