"""Archives as a careless unpacker should not meet them, whatever they are packed in. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from l7audit_suites.path import tarballs, zips
from l7audit_suites.path.entries import HOLE, LIE, Entry, Leads


@dataclass(frozen=True, slots=True)
class Format:
    """What archives are packed in. `leads` are the links that it knows; `unfolding` are archives
    of some kilobytes that hold hundreds of times as much, by how."""

    name: str
    media_types: tuple[str, ...]
    ending: str
    pack: Callable[[Iterable[Entry]], bytes]
    leads: tuple[Leads, ...]
    unfolding: Callable[[], dict[str, bytes]]


ZIP = Format("zip", zips.MEDIA_TYPES, "zip", zips.packed, (Leads.SYMBOLIC,), zips.unfolding)
TAR = Format(
    "tar",
    tarballs.MEDIA_TYPES,
    "tar",
    tarballs.packed,
    (Leads.SYMBOLIC, Leads.HARD),
    tarballs.with_a_hole,
)
TAR_GZ = Format(
    "gzipped tar",
    tarballs.GZIPPED_TYPES,
    "tar.gz",
    tarballs.gzipped,
    (Leads.SYMBOLIC, Leads.HARD),
    tarballs.unfolding,
)
FORMATS = (ZIP, TAR, TAR_GZ)
UNDERSTATED = (LIE, HOLE)
"""Archives of which an unpacker may keep the little that they say or hold, without harm."""


def different(formats: Iterable[Format]) -> list[Format]:
    """Without a format that only folds another one which is there, too: their entries are alike."""
    listed = list(formats)
    return [f for f in listed if f is not TAR_GZ or TAR not in listed]


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


def through_a_link(link: str, folders: Mapping[str, str]) -> list[Entry]:
    """A link to each folder, and the file that these folders should hold, written through it."""
    found = []
    for number, (folder, name) in enumerate(folders.items()):
        found.append(Entry(f"{link}-{number}", leads=Leads.SYMBOLIC, target=folder))
        found.append(Entry(f"{link}-{number}/{name}", "l7audit wrote this elsewhere"))
    return found
