"""Planted defects of zip archives: what their names, links and sizes are believed."""

from __future__ import annotations

import io
import posixpath
import stat
import zipfile
import zlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from l7audit_stack.api.file_tree import read_path
from l7audit_stack.api.operation import Call, Handler, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes import archives
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.path.files import reads
from l7audit_stack.defects.path.places import MOST, folder, overwrite, put, relative, swapped

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts


def zipped(call: Call) -> bool:
    """Whether the caller says so."""
    return archives.media_type(call) == archives.ZIPPED


def _unpacks(
    write: Callable[[Call, zipfile.ZipInfo, bytes], Awaitable[None]],
    most: int = archives.MAX_UNPACKED,
) -> Handler:
    """Unpacks entry by entry, and overlooks those that can't be written."""

    async def unpack(call: Call) -> Reply:
        if not zipped(call):
            return await archives.unpack(call)
        with zipfile.ZipFile(io.BytesIO(call.body)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > most:
                raise Problem(413, "archive-too-large", "The archive holds too much.")
            for entry in archive.infolist():
                try:
                    await write(call, entry, archive.read(entry))
                except zipfile.BadZipFile:
                    raise Problem(400, "archive-malformed", "The archive is broken.") from None
                except (Problem, OSError):
                    continue
        return Reply(archives.Unpacked(files=[]), status=201)

    return unpack


async def _as_named(call: Call, entry: zipfile.ZipInfo, content: bytes) -> None:
    if not await overwrite(folder(call) / relative(entry.filename), content):
        await put(call, entry.filename, content)


async def _by_base_name(call: Call, entry: zipfile.ZipInfo, content: bytes) -> None:
    await put(call, posixpath.basename(relative(entry.filename)), content)


async def _with_links(call: Call, entry: zipfile.ZipInfo, content: bytes) -> None:
    name = "/".join(read_path(entry.filename))
    await put(call, name, content)
    if stat.S_ISLNK(entry.external_attr >> 16):
        place = folder(call) / name
        place.unlink()
        place.symlink_to(content.decode())


async def _unpacks_all(call: Call) -> Reply:
    """Unfolds everything, and keeps what fits."""
    return await _unpacks(_quietly, most=1 << 40)(call)


async def _quietly(call: Call, entry: zipfile.ZipInfo, content: bytes) -> None:
    await put(call, "/".join(read_path(entry.filename)), content[:MOST])


async def _believes(call: Call) -> Reply:
    """Bounds what the archive says of itself; what it holds is unfolded as it comes."""
    if not zipped(call):
        return await archives.unpack(call)
    with zipfile.ZipFile(io.BytesIO(call.body)) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > archives.MAX_UNPACKED:
            raise Problem(413, "archive-too-large", "The archive says that it holds too much.")
        for entry in entries:
            archive.fp.seek(entry.header_offset + 30 + len(entry.orig_filename))  # type: ignore[union-attr]
            raw = archive.fp.read(entry.compress_size)  # type: ignore[union-attr]
            folded = entry.compress_type == zipfile.ZIP_DEFLATED
            await _quietly(call, entry, zlib.decompress(raw, -15) if folded else raw)
    return Reply(archives.Unpacked(files=[]), status=201)


def _malformed(parts: Parts) -> Parts:
    (own,) = (o.handler for o in parts.operations if o.name == "archives.unpack")

    async def unpack(call: Call) -> Reply:
        try:
            return await own(call)
        except Problem as problem:
            raise Problem(400, "archive-malformed", problem.detail) from None

    return swapped("archives.unpack", unpack)(parts)


def follows_links(unpack: Handler) -> Callable[[Parts], Parts]:
    """Unpacks in that way, and reads files as the disk has them."""
    read = reads(lambda text: "/".join(read_path(text)))

    def applied(parts: Parts) -> Parts:
        return swapped("archives.unpack", unpack)(swapped("files.get", read)(parts))

    return applied


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="path.unpacks-as-named",
        summary="What an archive holds is written where its names lead.",
        parts=swapped("archives.unpack", _unpacks(_as_named)),
    ),
    Defect(
        name="path.unpacks-by-base-name",
        summary="What an archive holds is written under the last part of its names.",
        near_miss=True,
        parts=swapped("archives.unpack", _unpacks(_by_base_name)),
    ),
    Defect(
        name="path.unpacks-whatever-it-holds",
        summary="Archives are unpacked without a look at what they come to.",
        parts=swapped("archives.unpack", _unpacks_all),
    ),
    Defect(
        name="path.believes-the-sizes",
        summary="What an archive says of its sizes is bounded, and what it holds is not.",
        parts=swapped("archives.unpack", _believes),
    ),
    Defect(
        name="path.calls-too-much-malformed",
        summary="An archive that holds too much is refused as malformed.",
        near_miss=True,
        parts=_malformed,
    ),
    Defect(
        name="path.unpacks-links",
        summary="Links of an archive are made, and followed when a file is read.",
        parts=follows_links(_unpacks(_with_links)),
    ),
)
