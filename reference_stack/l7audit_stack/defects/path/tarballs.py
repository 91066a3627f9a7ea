"""Planted defects of tar archives: what their names, links and sizes are believed."""

from __future__ import annotations

import asyncio
import gzip
import io
import tarfile
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from l7audit_stack.api.operation import Call, Handler, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes import archives
from l7audit_stack.api.security.bodies import invalid
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.path.places import MOST, folder, overwrite, put, relative, swapped
from l7audit_stack.defects.path.zips import follows_links, zipped

Write = Callable[[Call, tarfile.TarInfo, bytes], Awaitable[None]]


def _too_large() -> Problem:
    return Problem(413, "archive-too-large", "The archive holds too much.")


def _gzipped(call: Call) -> bool:
    return bool(call.body[:2] == b"\x1f\x8b")


def _untars(write: Write, *, most: int = archives.MAX_UNPACKED, folded: bool = False) -> Handler:
    """Unpacks entry by entry, and overlooks those that can't be written. `most` bounds what the
    entries say that they hold; `folded`: of gzipped archives alone, and else of plain ones."""

    async def unpack(call: Call) -> Reply:
        if zipped(call) or _gzipped(call) != folded:
            return await archives.unpack(call)
        raw = gzip.decompress(call.body) if folded else call.body
        with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
            entries = archive.getmembers()
            if sum(entry.size for entry in entries) > most:
                raise _too_large()
            for entry in entries:
                source = archive.extractfile(entry) if entry.isreg() else None
                try:
                    await write(call, entry, source.read() if source else b"")
                except (Problem, OSError):
                    continue
        return Reply(archives.Unpacked(files=[]), status=201)

    return unpack


async def _as_named(call: Call, entry: tarfile.TarInfo, content: bytes) -> None:
    if not await overwrite(folder(call) / relative(entry.name), content):
        await put(call, entry.name, content)


async def _absolute(call: Call, entry: tarfile.TarInfo, content: bytes) -> None:
    """Refuses steps up; a name that is absolute takes the folder's place."""
    if ".." in entry.name or not await overwrite(folder(call) / entry.name, content):
        await put(call, entry.name, content)


async def _with_links(call: Call, entry: tarfile.TarInfo, content: bytes) -> None:
    await put(call, entry.name, content)
    if entry.issym():
        place = folder(call) / entry.name
        place.unlink()
        place.symlink_to(entry.linkname)


async def _with_hard_links(call: Call, entry: tarfile.TarInfo, content: bytes) -> None:
    await put(call, entry.name, content)
    if entry.islnk():
        place = folder(call) / entry.name
        place.unlink()
        place.hardlink_to(folder(call) / entry.linkname)


async def _through_links(call: Call, entry: tarfile.TarInfo, content: bytes) -> None:
    """Makes links to folders; what comes after them is written as if they were folders."""
    place = folder(call) / entry.name
    if ".." in entry.name or entry.name.startswith("/"):
        raise invalid("A name leads out of the folder")
    if entry.issym() and (place.parent / entry.linkname).is_dir():
        place.symlink_to(entry.linkname)
    elif not await overwrite(place, content):
        await put(call, entry.name, content)


async def _quietly(call: Call, entry: tarfile.TarInfo, content: bytes) -> None:
    await put(call, entry.name, content[:MOST])


def _extracted(packed: bytes) -> list[tuple[str, bytes]]:
    """Extracts into a folder of its own by the library's filter for data, and takes what is a
    plain file there."""
    with (
        tempfile.TemporaryDirectory() as spare,
        tarfile.open(fileobj=io.BytesIO(packed)) as archive,
    ):
        if sum(entry.size for entry in archive.getmembers()) > archives.MAX_UNPACKED:
            raise _too_large()
        try:
            archive.extractall(spare, filter="data")
        except (tarfile.TarError, OSError) as error:
            raise invalid(f"The archive is refused: {type(error).__name__}") from None
        root = Path(spare)
        plain = [p for p in sorted(root.rglob("*")) if p.is_file() and not p.is_symlink()]
        return [(str(p.relative_to(root)), p.read_bytes()) for p in plain]


async def _by_the_library(call: Call) -> Reply:
    if zipped(call) or _gzipped(call):
        return await archives.unpack(call)
    for name, content in await asyncio.to_thread(_extracted, call.body):
        with suppress(Problem):
            await put(call, name, content)
    return Reply(archives.Unpacked(files=[]), status=201)


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="path.untars-as-named",
        summary="What a tar archive holds is written where its names lead.",
        parts=swapped("archives.unpack", _untars(_as_named)),
    ),
    Defect(
        name="path.untars-absolute-names",
        summary="An absolute name in a tar archive takes the folder's place.",
        parts=swapped("archives.unpack", _untars(_absolute)),
    ),
    Defect(
        name="path.untars-links",
        summary="Links of a tar archive are made, and followed when a file is read.",
        parts=follows_links(_untars(_with_links)),
    ),
    Defect(
        name="path.untars-hard-links",
        summary="Hard links of a tar archive are made to whatever they name.",
        parts=swapped("archives.unpack", _untars(_with_hard_links)),
    ),
    Defect(
        name="path.untars-through-links",
        summary="A tar archive may make a link to a folder, and then write a file into it.",
        parts=swapped("archives.unpack", _untars(_through_links)),
    ),
    Defect(
        name="path.untars-with-the-data-filter",
        summary="Tar archives are extracted by the library's filter, and plain files are taken.",
        near_miss=True,
        parts=swapped("archives.unpack", _by_the_library),
    ),
    Defect(
        name="path.inflates-tarballs",
        summary="Gzipped tar archives are unfolded without a look at what they come to.",
        parts=swapped("archives.unpack", _untars(_quietly, most=1 << 40, folded=True)),
    ),
    Defect(
        name="path.fills-holes",
        summary="A file with a hole in a tar archive is as large as it says.",
        parts=swapped("archives.unpack", _untars(_quietly, most=1 << 40)),
    ),
)
