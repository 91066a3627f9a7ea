"""What a run's folder or a bundle holds, as hostile as it may be: nothing is unpacked or followed.

Each file is read once, a piece at a time; memory does not grow with what is there.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from l7audit.errors import UsageError
from l7audit.folders import MANIFEST, VARIANTS
from l7audit.integrity import container
from l7audit.integrity.container import Entry
from l7audit.integrity.manifest import (
    CHUNK,
    LARGEST,
    LONGEST_NAME,
    MOST_FILES,
    Manifest,
    chunks,
    decode,
)

SIGNATURE = "manifest.json.sig"
PUBLIC_KEY = "public-key.pem"
SIGNING = (SIGNATURE, PUBLIC_KEY)
"""The two files of a bundle that no manifest can list, as they are made of it."""


_UNKNOWN = -1
"""The checksum of a file whose header can't be read."""


@dataclass(frozen=True, slots=True)
class Held:
    """One file as it is; `framed` tells whether what surrounds it in a bundle fits it."""

    size: int
    sha256: str
    opening: Callable[[], BinaryIO]
    framed: bool = True


@dataclass(slots=True)
class Holdings:
    """All files but the manifest, by name, and what is wrong with how they are held."""

    path: Path
    manifest: Manifest | None = None
    signed: bytes = b""
    files: dict[str, Held] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


def of(path: Path) -> Holdings:
    """What is there. Errors: `UsageError` for what is neither a bundle nor a run's folder."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return _of_folder(path.resolve())
        if not stat.S_ISREG(mode):
            raise UsageError(f"{path} is neither a file nor a folder.")
        return _of_bundle(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error


def _manifest(holdings: Holdings, data: bytes) -> None:
    """Takes the manifest in, or says what is wrong with it."""
    holdings.signed = data
    if len(data) > LARGEST:
        holdings.troubles.append(f"{MANIFEST} is larger than any manifest")
        return
    try:
        holdings.manifest = decode(data)
    except ValueError as error:
        holdings.troubles.append(f"{MANIFEST} {error}")


# --- a folder ----------------------------------------------------------------------------------


def _of_folder(folder: Path) -> Holdings:
    holdings = Holdings(folder)
    try:
        with _plain(folder / MANIFEST) as file:
            _manifest(holdings, file.read(LARGEST + 1))
    except FileNotFoundError as error:
        raise UsageError(
            f"{folder} holds no {MANIFEST}, so nothing says what it should hold.",
            mend=f"A run's end writes it; so does: l7audit report {folder}",
        ) from error
    listed = [f.name for f in holdings.manifest.files] if holdings.manifest else []
    for name in dict.fromkeys([*listed, *_present(folder)]):
        try:
            with _plain(folder / name) as file:
                size, digest = _digest(file)
        except FileNotFoundError:
            continue
        except ValueError as error:
            holdings.troubles.append(f"{name} {error}")
            continue
        holdings.files[name] = Held(size, digest, lambda name=name: _plain(folder / name))  # type: ignore[misc]
    return holdings


def _present(folder: Path) -> Iterator[str]:
    """What lies where a run's files do. Other folders are the target's own: its logs and data."""
    for below in ("", VARIANTS):
        place = folder / below
        if place.is_symlink() or not place.is_dir():
            continue
        with os.scandir(place) as entries:
            found = sorted(e.name for e in entries if not e.is_dir(follow_symlinks=False))
        yield from (f"{below}/{name}".lstrip("/") for name in found if below or name != MANIFEST)


def _plain(path: Path) -> BinaryIO:
    """A file that is one. Errors: `OSError`; `ValueError` for a link, a pipe or a folder."""
    if path.is_symlink() or path.parent.is_symlink():
        raise ValueError("is a link")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise ValueError("is no file")


def _digest(file: BinaryIO) -> tuple[int, str]:
    size, whole = 0, hashlib.sha256()
    for piece in chunks(file):
        size += len(piece)
        whole.update(piece)
    return size, whole.hexdigest()


# --- a bundle ----------------------------------------------------------------------------------


def _of_bundle(path: Path) -> Holdings:
    holdings = Holdings(path)
    total = path.stat().st_size
    with path.open("rb") as file:
        begins = file.read(container.header_length(MANIFEST))
        if not (begins.startswith(container.LOCAL) and begins.endswith(MANIFEST.encode())):
            raise UsageError(
                f"{path} is no bundle of l7audit.", mend="Make one: l7audit bundle RUN"
            )
        if entries := list(_entries(file, total, holdings)):
            _close(file, total, entries, holdings)
    return holdings


def _entries(file: BinaryIO, total: int, holdings: Holdings) -> Iterator[Entry]:
    """Every file of a bundle, read and taken in; damaged headers are passed by the manifest's
    word on what should stand there."""
    at = 0
    names: list[str] = []
    while at < total and len(names) <= MOST_FILES:
        file.seek(at)
        entry = container.read_header(file)
        if entry is None:
            file.seek(at)
            listing = file.read(len(container.CENTRAL)) == container.CENTRAL
            entry = None if listing else _expected(at, names, holdings)
        if entry is None:
            break
        if entry.end > total:
            holdings.troubles.append(f"It ends in the middle of {shown(entry.name)}")
            break
        yield _take(file, entry, names, holdings)
        names.append(entry.name)
        at = entry.end
    order = [n for n in names if n not in (MANIFEST, *SIGNING)]
    signing = [n for n in SIGNING if n in names]
    if names != [MANIFEST, *signing, *sorted(set(order))]:
        holdings.troubles.append("Its files stand twice or in another order than a bundle's do")


def _expected(at: int, names: list[str], holdings: Holdings) -> Entry | None:
    """What should begin here, though its header is not as it should be."""
    if not names:
        holdings.troubles.append(f"The header of {MANIFEST} was changed")
    if holdings.manifest is None:
        return None
    due = next((f for f in holdings.manifest.files if f.name not in names), None)
    if due is None:
        return None
    holdings.troubles.append(f"The header of {due.name} was changed")
    return Entry(due.name, due.size, _UNKNOWN, at + container.header_length(due.name))


def _take(file: BinaryIO, entry: Entry, names: list[str], holdings: Holdings) -> Entry:
    """Reads a file's bytes. The entry that comes back holds the checksum that they really have."""
    file.seek(entry.start)
    crc, left, whole = 0, entry.size, hashlib.sha256()
    kept = b""
    while left and (piece := file.read(min(CHUNK, left))):
        left -= len(piece)
        crc = zlib.crc32(piece, crc)
        whole.update(piece)
        if entry.name == MANIFEST and len(kept) <= LARGEST:
            kept += piece
    framed = entry.crc in (crc, _UNKNOWN)
    if not names:
        _manifest(holdings, kept)
        if holdings.manifest and not framed:
            holdings.troubles.append(f"The header of {MANIFEST} was changed")
    elif entry.name not in holdings.files:
        opening = _windowed(holdings.path, entry)
        holdings.files[entry.name] = Held(entry.size, whole.hexdigest(), opening, framed)
    return Entry(entry.name, entry.size, crc, entry.start)


def _windowed(path: Path, entry: Entry) -> Callable[[], BinaryIO]:
    return lambda: container.window(path, entry.start, entry.size)


def _close(file: BinaryIO, total: int, entries: list[Entry], holdings: Holdings) -> None:
    """Holds what stands behind the files against what must."""
    end = entries[-1].end
    due = container.directory(entries)
    file.seek(end)
    found = file.read(len(due) + 1)
    if found == due:
        return
    if found.startswith(due):
        more = total - end - len(due)
        holdings.troubles.append(f"{more:,} bytes stand behind its end")
    elif len(found) < len(due):
        holdings.troubles.append("Its end is missing")
    else:
        holdings.troubles.append("The list of files at its end was changed")


def shown(name: str) -> str:
    """A hostile file name in a sentence."""
    return ascii(name)[1:-1][:LONGEST_NAME]
